"""The console in a real browser, all in one file: pytest-xdist gives a file to one process, so that one service and one browser do.

The tests are in modules by subject, and run in the order in which those are imported; those with keys of their own come last.
"""

# ruff: noqa: F403, I001  # its tests, in their order

import pytest

from tests.e2e.browsing import needs_chromium
from tests.e2e.console_chat import *
from tests.e2e.console_pages import *
from tests.e2e.console_keys import *

pytestmark = [pytest.mark.e2e, pytest.mark.slow, needs_chromium]
