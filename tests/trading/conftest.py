import os
from pathlib import Path

import pytest

DATA = Path(os.environ.get("FREYA_TRADING_DATA", "/work/shared/data/trading"))


@pytest.fixture(scope="session")
def market_data() -> Path:
    if not DATA.is_dir():
        pytest.skip(f"No market data in {DATA}; point FREYA_TRADING_DATA to a folder with it")
    return DATA
