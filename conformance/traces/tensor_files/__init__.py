"""Traces in the files of NumPy, PyTorch and JAX: npz and safetensors."""
