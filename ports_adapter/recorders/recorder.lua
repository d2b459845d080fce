-- Writes a trace: what a program computes while it trains, one JSON record a line.
--
--   record{trace = 1, n_head = 4, num_steps = 1000, weights = weights}  -- before training
--   local recorded = is_recorded[step]                                  -- in each step
--   if recorded then record{step = step, tokens = tokens, loss = loss, grads = grads} end
--   if recorded then record{step = step, m = m, v = v, weights = weights} end
--
-- The second record comes before gradients are cleared, the third after the update. Weights,
-- gradients and moments are flat lists, or tables of matrices by name. Require this file, or paste
-- it without its last line.

local path = os.getenv("MICROGPT_TRACE") or ""
local trace = assert(io.open(path ~= "" and path or "trace.jsonl", "w"))
trace:setvbuf("line")

-- Which steps to record: some at the start, and some later on.
local is_recorded = {}
for _, step in ipairs{0, 1, 2, 9, 10, 99, 100} do is_recorded[step] = true end

local function escaped(character)
  return string.format("\\u%04x", character:byte())
end

local function json(value)
  if type(value) == "number" then return string.format("%.17g", value) end
  if type(value) == "string" then return '"' .. value:gsub('[%c"\\]', escaped) .. '"' end
  local parts = {}
  for i, element in ipairs(value) do parts[i] = json(element) end
  if #value > 0 then return "[" .. table.concat(parts, ",") .. "]" end
  for name, field in pairs(value) do parts[#parts + 1] = json(name) .. ":" .. json(field) end
  return "{" .. table.concat(parts, ",") .. "}"
end

-- Writes a record; its numbers read back as the same numbers.
local function record(fields)
  trace:write(json(fields), "\n")
end

return {record = record, is_recorded = is_recorded}
