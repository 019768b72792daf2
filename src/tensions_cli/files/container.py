from tensions_cli.corpus.formats.container import *  # noqa
