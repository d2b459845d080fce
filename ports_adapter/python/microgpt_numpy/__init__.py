"""microgpt in NumPy: gradients derived by hand, served as JSON-RPC over stdin and stdout.

The mathematics is in `layers`, `activations`, `attention` and `block`, the models composed of it
in `transformer`, `token_mlp` and `counts`, what updates them in `adam` and `sgd`; which published
program is composed of what, in `profiles`. The program around it is in `tokenizer`, `training`,
`sampling` and `program`; the protocol in `server`, `methods`, `parts`, `params`, `fields` and
`encoding`. `expression` is on its own: it differentiates any scalar expression graph.
"""

import os

# The matrices are small: a thread pool would cost more than it gives, and it would have to be
# asked for before NumPy is first imported.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
