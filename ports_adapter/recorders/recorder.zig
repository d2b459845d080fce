//! Writes a trace: what a program computes while it trains, one JSON record a line.
//!   try record(.{ .trace = 1, .n_head = 4, .num_steps = 1000, .weights = weights });
//!   const is_recorded = recorder.isRecorded(step);
//!   if (is_recorded) try record(.{ .step = step, .tokens = t, .loss = loss, .grads = grads });
//!   if (is_recorded) try record(.{ .step = step, .m = m, .v = v, .weights = weights });
//! The first record comes before training, the second before gradients are cleared, the third
//! after the update. Lists are slices or arrays; those of u8 are text, so let tokens be of usize.
//! It needs Zig 0.15 or newer, and libc: zig build-exe program.zig -lc

const std = @import("std");
extern "c" fn fflush(file: *std.c.FILE) c_int;
var trace: ?*std.c.FILE = null;

pub fn isRecorded(step: usize) bool {
    return step <= 2 or step == 9 or step == 10 or step == 99 or step == 100;
}
pub fn record(fields: anytype) !void {
    var line: std.Io.Writer.Allocating = .init(std.heap.page_allocator);
    defer line.deinit();
    try write(&line.writer, fields);
    try line.writer.writeByte('\n');
    const path = std.c.getenv("MICROGPT_TRACE") orelse "";
    if (trace == null) trace = std.c.fopen(if (path[0] == 0) "trace.jsonl" else path, "w");
    const file = trace orelse return error.TraceCannotBeWritten;
    const written = std.c.fwrite(line.written().ptr, line.written().len, 1, file);
    if (written != 1 or fflush(file) != 0) return error.TraceCannotBeWritten;
}
fn write(out: *std.Io.Writer, value: anytype) !void {
    switch (@typeInfo(@TypeOf(value))) {
        .int, .float, .comptime_int, .comptime_float => try out.print("{}", .{value}),
        .@"struct" => inline for (comptime std.meta.fieldNames(@TypeOf(value)), 0..) |name, i| {
            try out.print("{s}\"{s}\":", .{ if (i == 0) "{" else ",", name });
            try write(out, @field(value, name));
        } else try out.writeAll("}"),
        else => if (std.meta.Elem(@TypeOf(value)) != u8) for (value, 0..) |element, i| {
            try out.writeAll(if (i == 0) "[" else ",");
            try write(out, element);
        } else try out.writeAll("]") else try out.print("{f}", .{std.json.fmt(value, .{})}),
    }
}
