"""A plugin for Krita: colors the lines of a layer through a studio on this machine.

Krita imports this package when it starts. `extension` is what people see, `client` asks the studio.
"""

from krita import Krita

from .extension import DeepPaint

Krita.instance().addExtension(DeepPaint(Krita.instance()))
