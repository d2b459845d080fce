# Writes a trace: what a program computes while it trains, one JSON record a line.
#
#   record(trace = 1, n_head = 4, num_steps = 1000, weights = weights)  # before training
#   isrecorded(step) && record(; step, tokens, loss, grads)  # before gradients are cleared
#   isrecorded(step) && record(; step, m, v, weights)        # after the update
#
# Weights, gradients and moments are flat vectors, row by row as vec(permutedims(w)) gives them, or
# dictionaries or named tuples of matrices by name. Count tokens from 0: tokens .- 1.
#
# Not tested: nobody has run this recorder yet. It needs Julia 1.5 or newer.

const TRACE = let path = get(ENV, "MICROGPT_TRACE", "")
    open(isempty(path) ? "trace.jsonl" : path, "w")
end

"Which steps to record: some at the start, and some later on."
isrecorded(step) = step in (0, 1, 2, 9, 10, 99, 100)

json(number::Real) = string(number)
json(text::AbstractString) = "\"" * escape_string(text) * "\""
json(character::AbstractChar) = json(string(character))
json(list::Union{AbstractVector,Tuple}) = "[" * join(map(json, list), ",") * "]"
json(matrix::AbstractMatrix) = json(collect(eachrow(matrix)))
json(matrices::NamedTuple) = json(pairs(matrices))

function json(fields::AbstractDict)
    members = [json(string(name)) * ":" * json(value) for (name, value) in fields]
    return "{" * join(members, ",") * "}"
end

"Writes a record; its numbers read back as the same numbers."
function record(; fields...)
    println(TRACE, json(fields))
    flush(TRACE)
end
