"""The modules of `packaging/`, which is a folder of scripts and no package."""

import sys

from tests.support.places import ROOT

sys.path.insert(0, str(ROOT / "packaging"))
