"""What the port offers: a method is a function from params to a result, and a line below."""

from .server import Method, Params, Result, take
from .tokenizer import Tokenizer, documents_of


def initialize(_params: Params) -> Result:
    """Who the port is, and what it offers."""
    return {
        "protocol_version": 1,
        "name": "my port",
        "language": "Python",
        "precision": "float64",
        "methods": list(METHODS),
        "profiles": ["microgpt"],
    }


def tokenize(params: Params) -> Result:
    """A corpus into tokens."""
    documents = documents_of(take(params, "text", str))
    tokenizer = Tokenizer(documents)
    return {
        "characters": tokenizer.characters,
        "vocab_size": tokenizer.vocab_size,
        "tokens": [tokenizer.encode(document) for document in documents],
    }


def shutdown(_params: Params) -> Result:
    """Goodbye: the server ends after this answer."""
    return {}


METHODS: dict[str, Method] = {
    "initialize": initialize,
    "tokenize": tokenize,
    # The next method goes here.
    "shutdown": shutdown,
}
