"""microgpt in NumPy: gradients derived by hand, served as JSON-RPC over stdin and stdout.

The mathematics is in `layers`, `attention`, `block`, `model` and `adam`; the program around it
in `tokenizer` and `program`; the protocol in `server`, `methods`, `fields` and `encoding`.
`expression` is on its own: it differentiates any scalar expression graph.
"""

import os

# The matrices are small: a thread pool would cost more than it gives, and it would have to be
# asked for before NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
