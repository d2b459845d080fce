"""The environment variables of a program: those that tools need, and no secrets."""

import os
from collections.abc import Iterable

FAMILIES = ("LC_",)
"""Variables with these prefixes are passed on."""

TOOLS = """
PATH HOME USER LOGNAME LANG LANGUAGE TZ TERM SSL_CERT_FILE SSL_CERT_DIR MICROGPT_CACHE
XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME NIX_PATH NIX_PROFILES
LD_LIBRARY_PATH DYLD_LIBRARY_PATH DYLD_FALLBACK_LIBRARY_PATH LIBRARY_PATH CPATH PKG_CONFIG_PATH
CC CXX CFLAGS CXXFLAGS LDFLAGS
SDKROOT DEVELOPER_DIR TOOLCHAINS MACOSX_DEPLOYMENT_TARGET SWIFTLY_HOME_DIR SWIFTLY_BIN_DIR
CARGO_HOME RUSTUP_HOME RUSTUP_TOOLCHAIN RUSTFLAGS RUST_BACKTRACE
NVM_DIR NODE_PATH VOLTA_HOME FNM_DIR BUN_INSTALL DENO_DIR DENO_INSTALL
VIRTUAL_ENV CONDA_PREFIX PYENV_ROOT PYENV_VERSION PYTHONPATH PYTHONDONTWRITEBYTECODE
JAVA_HOME GOPATH GOROOT GOCACHE GOMODCACHE GOFLAGS GOTOOLCHAIN DOTNET_ROOT
ASDF_DIR ASDF_DATA_DIR MISE_DATA_DIR RBENV_ROOT GEM_HOME GEM_PATH JULIA_DEPOT_PATH
JULIAUP_DEPOT_PATH OPAMROOT OPAM_SWITCH_PREFIX STACK_ROOT GHCUP_INSTALL_BASE_PREFIX
ZIG_GLOBAL_CACHE_DIR OMP_NUM_THREADS OPENBLAS_NUM_THREADS MKL_NUM_THREADS VECLIB_MAXIMUM_THREADS
"""
"""Variables for the places of tools, libraries and caches, and for language and time."""

FETCHING = """
HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY http_proxy https_proxy all_proxy no_proxy
CURL_CA_BUNDLE REQUESTS_CA_BUNDLE PIP_CERT NODE_EXTRA_CA_CERTS GIT_SSL_CAINFO
CARGO_HTTP_CAINFO NIX_SSL_CERT_FILE
"""
"""Variables for tools that download packages; a proxy's address may contain a password."""

TEMPORARY = ("TMPDIR", "TMP", "TEMP")


def sandboxed(variables: dict[str, str], private: str) -> dict[str, str]:
    """The variables for a sandbox, which cannot write caches to the home folder."""
    return variables | {"XDG_CACHE_HOME": private}


def clean(private: str, listed: Iterable[str] = (), *, is_build: bool = False) -> dict[str, str]:
    """The environment variables of a program.

    Args:
        private: its temporary folder.
        listed: further names to pass on, from the manifest.
        is_build: whether it may download packages.
    """
    names = {*TOOLS.split(), *(FETCHING.split() if is_build else ()), *listed}
    passed = {
        name: value
        for name, value in os.environ.items()
        if name in names or name.startswith(FAMILIES)
    }
    return passed | dict.fromkeys(TEMPORARY, private)
