from tensions_cli.files.encoding import *  # noqa
