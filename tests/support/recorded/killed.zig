const std = @import("std");
const recorder = @import("recorder.zig");

extern "c" fn raise(signal: c_int) c_int;

pub fn main() !void {
    const inf = std.math.inf(f64);
    const numbers = [_]f64{
        0.1, -2e-5, 1e-300, 1e21, std.math.floatMax(f64), std.math.nan(f64), inf, -inf,
    };
    try recorder.record(.{ .trace = 1, .weights = numbers });
    _ = raise(9);
}
