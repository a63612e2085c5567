"""Shows a data set in figures and a contact sheet. The same as `deeppaint show`."""

from tf_deeppaint.commands.show import main
from tf_deeppaint.utils import programs

if __name__ == "__main__":
    programs.run(main)
