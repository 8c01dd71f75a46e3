"""The methods that there are, by name."""

from typing import Literal

from bitscape.core.section import Section
from bitscape.core.settings.ath import ATH
from bitscape.core.settings.baselines import ITQ, LSH, PCASign
from bitscape.core.settings.bcdh import BCDH
from bitscape.core.settings.dsah import DSAH
from bitscape.core.settings.dsrh import DSRH
from bitscape.core.settings.exchnet import ExchNet
from bitscape.core.settings.rvssdh import RVSSDH

MethodName = Literal["lsh", "pcasign", "itq", "bcdh", "ath", "dsah", "rvssdh", "dsrh", "exchnet"]


class Methods(Section):
    """Settings of each method."""

    lsh: LSH = LSH()
    pcasign: PCASign = PCASign()
    itq: ITQ = ITQ()
    bcdh: BCDH = BCDH()
    ath: ATH = ATH()
    dsah: DSAH = DSAH()
    rvssdh: RVSSDH = RVSSDH()
    dsrh: DSRH = DSRH()
    exchnet: ExchNet = ExchNet()
