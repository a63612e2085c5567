"""The twelve dolls that many tests share."""

from tf_deeppaint.data.build.config import BuildConfig
from tf_deeppaint.data.sources.dolls.source import Dolls

# Of these twelve dolls, four fall into the test split.
DOLLS = Dolls(12, seed=12)


CONFIG = BuildConfig(64, "drop")
