import { METHODS } from "./methods.js";
import { serve } from "./server.js";

await serve(METHODS, process.stdin, 1);
