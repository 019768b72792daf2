from tensions_cli.corpus.encoding import *  # noqa
