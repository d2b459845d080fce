"""The canonical microgpt program in CPython floats, to which every port is compared.

Read `value`, `model`, `adam`, `training` and `sampling` beside the published program. `config`,
`corpus` and `tokenizer` hold the plain values on which these work.
"""
