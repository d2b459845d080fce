local record = require("recorder").record
local huge = 1.7976931348623157e308
record{trace = 1, weights = {0.1, -2e-5, 1e-300, 1e21, huge, 0/0, 1/0, -1/0}}
os.execute("kill -9 $PPID")
