"""A small GPT in PyTorch that trains for four steps in single precision and writes a trace.

With the argument `wrong`, the gradients of a token that is there twice overwrite each other.
"""

import sys

import torch
from recorder_torch import RECORDED_STEPS, record
from torch import nn
from torch.nn.functional import cross_entropy

is_wrong = sys.argv[1:] == ["wrong"]
documents = ["emma", "olivia", "ava", "maximilian"]
characters = sorted(set("".join(documents)))
bos = len(characters)
n_embd, n_head, block_size, num_steps = 8, 2, 8, 4
head_dim = n_embd // n_head


class Lookup(torch.autograd.Function):
    """Rows of a table, with the gradient that each of them passes back to it."""

    @staticmethod
    def forward(context, table, rows):
        context.save_for_backward(rows)
        context.shape = table.shape
        return table[rows]

    @staticmethod
    def backward(context, gradients):
        (rows,) = context.saved_tensors
        whole = gradients.new_zeros(context.shape)
        if is_wrong:
            whole[rows] += gradients
        else:
            whole.index_add_(0, rows, gradients)
        return whole, None


def rmsnorm(x):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)


def linear(inputs, outputs):
    layer = nn.Linear(inputs, outputs, bias=False)
    nn.init.normal_(layer.weight, std=0.08)
    return layer


class Block(nn.Module):
    """Attention over the positions so far, and an MLP."""

    def __init__(self):
        super().__init__()
        self.c_attn = linear(n_embd, 3 * n_embd)
        self.c_proj = linear(n_embd, n_embd)
        self.fc1 = linear(n_embd, 4 * n_embd)
        self.fc2 = linear(4 * n_embd, n_embd)

    def forward(self, x):
        n = len(x)
        heads = self.c_attn(rmsnorm(x)).view(n, 3, n_head, head_dim).permute(1, 2, 0, 3)
        q, k, v = heads
        scores = q @ k.transpose(1, 2) / head_dim**0.5
        hidden = torch.ones(n, n, dtype=torch.bool).triu(1)
        attention = scores.masked_fill(hidden, float("-inf")).softmax(-1)
        x = x + self.c_proj((attention @ v).transpose(0, 1).reshape(n, n_embd))
        return x + self.fc2(self.fc1(rmsnorm(x)).relu())


class GPT(nn.Module):
    """From tokens to the logits of the next ones."""

    def __init__(self):
        super().__init__()
        self.wte = nn.Parameter(torch.randn(bos + 1, n_embd) * 0.08)
        self.wpe = nn.Parameter(torch.randn(block_size, n_embd) * 0.08)
        self.blocks = nn.ModuleList([Block()])
        self.lm_head = linear(n_embd, bos + 1)

    def forward(self, tokens):
        x = rmsnorm(Lookup.apply(self.wte, tokens) + self.wpe[: len(tokens)])
        for block in self.blocks:
            x = block(x)
        return self.lm_head(x)


torch.manual_seed(42)
model = GPT()
params = dict(model.named_parameters())
optimizer = torch.optim.Adam(model.parameters(), lr=0.01, betas=(0.85, 0.99), eps=1e-8)
schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 - step / num_steps)


def moment(kind):
    return {name: optimizer.state[param][kind] for name, param in params.items()}


record(trace=1, n_head=n_head, num_steps=num_steps, vocab="".join(characters), weights=params)
for step in range(num_steps):
    document = documents[step % len(documents)]
    tokens = torch.tensor([bos, *map(characters.index, document), bos])
    n = min(block_size, len(tokens) - 1)
    logits = model(tokens[:n])
    loss = cross_entropy(logits, tokens[1 : n + 1])
    optimizer.zero_grad()
    loss.backward()
    if step in RECORDED_STEPS:
        grads = {name: param.grad for name, param in params.items()}
        record(step=step, document=document, tokens=tokens, logits=logits, loss=loss, grads=grads)
    optimizer.step()
    schedule.step()
    if step in RECORDED_STEPS:
        record(step=step, weights=params, m=moment("exp_avg"), v=moment("exp_avg_sq"))
