(* Writes a trace: what a program computes while it trains, one JSON record a line.

     record [ "trace", `Int 1; "n_head", `Int 4; "num_steps", `Int 1000; "weights", `Floats w ];
     let recorded = is_recorded step in
     if recorded then
       record [ "step", `Int step; "tokens", `Ints t; "loss", `Float loss; "grads", `Floats g ];
     if recorded then
       record [ "step", `Int step; "m", `Floats m; "v", `Floats v; "weights", `Floats w ]

   The first record comes before training, the second before gradients are cleared, the third after
   the update. Weights, gradients and moments are flat arrays. *)

let trace =
  open_out
    (match Sys.getenv_opt "MICROGPT_TRACE" with
    | None | Some "" -> "trace.jsonl"
    | Some path -> path)

(* Which steps to record: some at the start, and some later on. *)
let is_recorded step = List.mem step [ 0; 1; 2; 9; 10; 99; 100 ]

let quoted text =
  let escaped = function '"' -> {|\"|} | '\\' -> {|\\|} | '\n' -> {|\n|} | c -> String.make 1 c in
  Printf.sprintf {|"%s"|} (String.concat "" (List.map escaped (List.of_seq (String.to_seq text))))

let rec json = function
  | `Int number -> string_of_int number
  | `Float number -> Printf.sprintf "%.17g" number
  | `Text text -> quoted text
  | `Ints numbers -> json (`List (Array.map (fun number -> `Int number) numbers))
  | `Floats numbers -> json (`List (Array.map (fun number -> `Float number) numbers))
  | `List values -> "[" ^ String.concat "," (Array.to_list (Array.map json values)) ^ "]"

(* Writes a record; its numbers read back as the same numbers. *)
let record fields =
  let field (name, value) = Printf.sprintf "%S:%s" name (json value) in
  Printf.fprintf trace "{%s}\n%!" (String.concat "," (List.map field fields))
