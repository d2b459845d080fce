(* A small GPT that trains for four steps and writes a trace. With the argument `wrong`, it does
   not scale its attention scores. *)

open Recorder

let is_wrong = Array.mem "wrong" Sys.argv
let documents = [| "emma"; "olivia"; "ava"; "maximilian" |]
let characters = "aeilmnovx"
let bos = String.length characters
let n_embd, n_head, block_size, num_steps = 8, 2, 8, 4
let head_dim = n_embd / n_head

(* A number that remembers what it was computed from, with the slope of each. *)
type value = { mutable data : float; mutable grad : float; parents : (value * float) list }

(* All values, the last one first: those of a step, then the parameters. *)
let tape = ref []

let value ?(parents = []) data =
  let node = { data; grad = 0.; parents } in
  tape := node :: !tape;
  node

let ( +: ) x y = value (x.data +. y.data) ~parents:[ x, 1.; y, 1. ]
let ( *: ) x y = value (x.data *. y.data) ~parents:[ x, y.data; y, x.data ]
let power k x = value (x.data ** k) ~parents:[ x, k *. (x.data ** (k -. 1.)) ]
let scaled factor x = value (factor *. x.data) ~parents:[ x, factor ]
let exponential x = value (exp x.data) ~parents:[ x, exp x.data ]
let logarithm x = value (log x.data) ~parents:[ x, 1. /. x.data ]
let relu x = value (Float.max 0. x.data) ~parents:[ x, if x.data > 0. then 1. else 0. ]

let sum xs =
  value
    (Array.fold_left (fun total x -> total +. x.data) 0. xs)
    ~parents:(List.map (fun x -> x, 1.) (Array.to_list xs))

let backward loss =
  let flow node = List.iter (fun (p, slope) -> p.grad <- p.grad +. (slope *. node.grad)) in
  loss.grad <- 1.;
  List.iter (fun node -> flow node node.parents) !tape

let dot xs ys = sum (Array.map2 ( *: ) xs ys)
let add = Array.map2 ( +: )
let linear w x = Array.map (fun row -> dot row x) w

let rmsnorm x =
  let mean_square = scaled (1. /. float (Array.length x)) (dot x x) in
  let inverse = power (-0.5) (mean_square +: value 1e-5) in
  Array.map (fun xi -> xi *: inverse) x

let softmax xs =
  let highest = Array.fold_left (fun high x -> Float.max high x.data) neg_infinity xs in
  let shift = value (-.highest) in
  let exps = Array.map (fun x -> exponential (x +: shift)) xs in
  let inverse = power (-1.) (sum exps) in
  Array.map (fun e -> e *: inverse) exps

let normal () =
  let uniform () = 1. -. Random.float 1. in
  sqrt (-2. *. log (uniform ())) *. cos (2. *. Float.pi *. uniform ())

let matrix n_out n_in =
  Array.init n_out (fun _ -> Array.init n_in (fun _ -> value (0.08 *. normal ())))

let () = Random.init 42
let wte = matrix (bos + 1) n_embd
let wpe = matrix block_size n_embd
let lm_head = matrix (bos + 1) n_embd
let wq = matrix n_embd n_embd
let wk = matrix n_embd n_embd
let wv = matrix n_embd n_embd
let wo = matrix n_embd n_embd
let fc1 = matrix (4 * n_embd) n_embd
let fc2 = matrix n_embd (4 * n_embd)
let of_params = !tape
let params = Array.of_list (List.rev of_params)

let attention q keys values =
  let head h =
    let part x = Array.sub x (h * head_dim) head_dim in
    let factor = if is_wrong then 1. else 1. /. sqrt (float head_dim) in
    let scores = List.map (fun key -> scaled factor (dot (part q) (part key))) keys in
    let weights = softmax (Array.of_list scores) in
    let column j = Array.of_list (List.map (fun v -> (part v).(j)) values) in
    Array.init head_dim (fun j -> dot weights (column j))
  in
  Array.concat (List.init n_head head)

let logits token position keys values =
  let x = rmsnorm (add wte.(token) wpe.(position)) in
  let normed = rmsnorm x in
  keys := !keys @ [ linear wk normed ];
  values := !values @ [ linear wv normed ];
  let x = add x (linear wo (attention (linear wq normed) !keys !values)) in
  let hidden = Array.map relu (linear fc1 (rmsnorm x)) in
  linear lm_head (add x (linear fc2 hidden))

let mean_loss tokens =
  let keys, values = ref [], ref [] in
  let n = min block_size (Array.length tokens - 1) in
  let loss_at position =
    let probabilities = softmax (logits tokens.(position) position keys values) in
    logarithm probabilities.(tokens.(position + 1))
  in
  scaled (-1. /. float n) (sum (Array.init n loss_at))

let tokenized document =
  let token position = String.index characters document.[position] in
  Array.concat [ [| bos |]; Array.init (String.length document) token; [| bos |] ]

let m = Array.map (fun _ -> 0.) params
let v = Array.map (fun _ -> 0.) params

let update step =
  let learning_rate = 0.01 *. (1. -. (float step /. float num_steps)) in
  let corrected moment beta = moment /. (1. -. (beta ** float (step + 1))) in
  let update_one i p =
    m.(i) <- (0.85 *. m.(i)) +. (0.15 *. p.grad);
    v.(i) <- (0.99 *. v.(i)) +. (0.01 *. p.grad *. p.grad);
    let m_hat, v_hat = corrected m.(i) 0.85, corrected v.(i) 0.99 in
    p.data <- p.data -. (learning_rate *. m_hat /. (sqrt v_hat +. 1e-8));
    p.grad <- 0.
  in
  Array.iteri update_one params

let weights () = `Floats (Array.map (fun p -> p.data) params)
let grads () = `Floats (Array.map (fun p -> p.grad) params)

let () =
  record
    [ "trace", `Int 1; "n_layer", `Int 1; "n_embd", `Int n_embd; "n_head", `Int n_head;
      "block_size", `Int block_size; "vocab", `Text characters; "num_steps", `Int num_steps;
      "weights", weights () ];
  for step = 0 to num_steps - 1 do
    let document = documents.(step mod Array.length documents) in
    let tokens = tokenized document in
    let loss = mean_loss tokens in
    backward loss;
    if is_recorded step then
      record
        [ "step", `Int step; "document", `Text document; "tokens", `Ints tokens;
          "loss", `Float loss.data; "grads", grads () ];
    update step;
    if is_recorded step then
      record [ "step", `Int step; "m", `Floats m; "v", `Floats v; "weights", weights () ];
    tape := of_params
  done
