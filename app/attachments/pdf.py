"""Run as a process of its own: the text of the PDF on its input, as JSON on its output. What it may take is bounded."""

import json
import resource
import sys
from io import BytesIO


def main() -> None:
    """Arguments: megabytes of address space, seconds of processor time, pages, characters."""
    megabytes, seconds, pages, characters = map(int, sys.argv[1:5])
    resource.setrlimit(resource.RLIMIT_AS, (megabytes << 20, megabytes << 20))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    from pypdf import PdfReader
    from pypdf.errors import LimitReachedError, PyPdfError

    try:
        reader = PdfReader(BytesIO(sys.stdin.buffer.read()), strict=False)
        if reader.is_encrypted:
            _tell(refused="it is encrypted; attach it without a password")
            return
        count, texts, length = len(reader.pages), [], 0
        for page in reader.pages[:pages]:
            texts.append(page.extract_text())
            length += len(texts[-1])
            if length > characters:
                break
    except LimitReachedError:
        _tell(refused="it unpacks to more than may be read")
    except MemoryError:
        _tell(refused="reading it takes more memory than it may")
    except RecursionError:
        _tell(refused="it is nested too deeply")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        _tell(refused=f"it is damaged ({type(error).__name__})")
    else:
        _tell(text="\n\n".join(texts), pages=count, read=len(texts))


def _tell(**said: object) -> None:
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main()
