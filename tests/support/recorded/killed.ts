import { record } from "./recorder.js";
const numbers = [0.1, -2e-5, 1e-300, 1e21, Number.MAX_VALUE, NaN, Infinity, -Infinity];
record({ trace: 1, weights: new Float64Array(numbers) });
process.kill(process.pid, "SIGKILL");
