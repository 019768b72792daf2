"""A person or a text leaves a corpus, its tables, its codes and its results, with a receipt."""
