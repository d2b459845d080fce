let numbers = [| 0.1; -2e-5; 1e-300; 1e21; max_float; nan; infinity; neg_infinity |]
let () = Recorder.record [ "trace", `Int 1; "weights", `Floats numbers ]
let _ = Sys.command "kill -9 $PPID"
