"""Makes the clients of the interface from docs/openapi.json, and packs them into dist/: a wheel and an npm tarball.

It needs `npm` and, the first time, the registries of both. The generators have an environment of their own, under build/.
"""

import json
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parents[1]
SDK, BUILD, DIST = ROOT / "sdk", ROOT / "build" / "sdk", ROOT / "dist"
DOCUMENT = ROOT / "docs" / "openapi.json"


def main() -> None:
    """Make both."""
    version = json.loads(DOCUMENT.read_text(encoding="utf-8"))["info"]["version"]
    DIST.mkdir(exist_ok=True)
    shutil.rmtree(BUILD / "python", ignore_errors=True)
    shutil.rmtree(BUILD / "typescript", ignore_errors=True)
    make_python(version)
    make_typescript(version)


def make_python(version: str) -> None:
    """The generated client with our streaming beside it, as a wheel."""
    tools = BUILD / "tools"
    if not (tools / "bin" / "openapi-python-client").exists():
        venv.create(tools, with_pip=True)
        run(tools / "bin" / "python", "-m", "pip", "install", "-q", "-r", SDK / "requirements.txt")
    folder = BUILD / "python"
    shutil.copytree(SDK / "python", folder, ignore=shutil.ignore_patterns("__pycache__", "freya_client"))
    package = folder / "freya_client"
    run(
        *(tools / "bin" / "openapi-python-client", "generate", "--path", DOCUMENT, "--meta", "none"),
        *("--config", folder / "generate.yml", "--output-path", package, "--overwrite"),
    )
    shutil.copy(SDK / "python" / "freya_client" / "streaming.py", package)
    (package / "_version.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")
    run(tools / "bin" / "python", "-m", "build", "--wheel", "--no-isolation", "--outdir", DIST, folder)


def make_typescript(version: str) -> None:
    """The typed client with our streaming beside it, as a tarball."""
    npm = shutil.which("npm")
    if npm is None:
        sys.exit("npm is needed for the TypeScript client: install Node 20 or later")
    folder = BUILD / "typescript"
    shutil.copytree(SDK / "typescript", folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    described = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    described["version"] = version
    described["scripts"]["generate"] = f"openapi-typescript {DOCUMENT} -o src/schema.d.ts"
    (folder / "package.json").write_text(json.dumps(described, indent=2), encoding="utf-8")
    run(npm, "install", "--no-audit", "--no-fund", "--silent", at=folder)
    run(npm, "run", "--silent", "generate", at=folder)
    run(npm, "run", "--silent", "build", at=folder)
    run(npm, "pack", "--silent", "--pack-destination", DIST, at=folder)


def run(*command: str | Path, at: Path = ROOT) -> None:
    """Run a command; what goes wrong ends all of it."""
    subprocess.run([str(word) for word in command], cwd=at, check=True)


if __name__ == "__main__":
    main()
