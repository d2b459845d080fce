"""The canonical microgpt program, in CPython floats: the truth everything else is held to.

Read `value`, `model`, `adam`, `training` and `sampling` beside the published program;
`config`, `corpus` and `tokenizer` hold the plain values that these work on.
"""
