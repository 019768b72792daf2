from tensions_cli.corpus.formats.xml_tree import *  # noqa
