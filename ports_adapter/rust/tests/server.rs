//! The protocol as the other side sees it.

use microgpt::float::Float;
use microgpt::json::Json;
use microgpt::server::serve;

/// What is answered to these lines.
fn answers<T: Float>(input: &[u8]) -> Vec<Json> {
    let mut output = Vec::new();
    serve::<T>(input, &mut output).expect("memory can be written to");
    let text = String::from_utf8(output).expect("UTF-8");
    text.lines().map(|line| Json::parse(line).expect(line)).collect()
}

/// The answers to one request, each as it was written.
fn ask<T: Float>(method: &str, params: &str) -> Vec<String> {
    let line = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{params}}}"#);
    answers::<T>(line.as_bytes()).iter().map(Json::to_string).collect()
}

fn result(json: &str) -> String {
    format!(r#"{{"jsonrpc":"2.0","id":1,"result":{json}}}"#)
}

fn error_of(answer: &Json) -> (Option<&Json>, &str) {
    let error = answer.get("error").expect("an error");
    (error.get("code"), error.get("message").and_then(Json::as_str).expect("a message"))
}

#[test]
fn it_lives_on_after_every_error() {
    let input: &[u8] = b"\n[]\n\"x\"\n{}\n\xff\n{\"id\":7,\"method\":\"no-such\"}
{\"id\":8,\"method\":\"softmax\",\"params\":{\"x\":[0,\"a\"]}}
{\"method\":\"initialize\"}\n{\"id\":9,\"method\":\"shutdown\"}\n{\"id\":10,\"method\":\"shutdown\"}";
    let answers = answers::<f64>(input);
    let (last, errors) = answers.split_last().expect("answers");
    let codes: Vec<_> = errors.iter().map(|answer| error_of(answer).0.cloned()).collect();
    let right = [-32700, -32600, -32600, -32600, -32700, -32601, -32602];
    assert_eq!(codes, right.map(|code| Some(Json::Integer(code))));
    assert_eq!(errors[0].get("id"), Some(&Json::Null));
    assert_eq!(errors[5].get("id"), Some(&Json::Integer(7)));
    assert_eq!(error_of(&errors[6]).1, "params/x/1 must be a finite number");
    assert_eq!(last.to_string(), r#"{"jsonrpc":"2.0","id":9,"result":{}}"#);
}

#[test]
fn it_says_which_precision_it_has() {
    let params = r#"{"protocol_version":1,"suite":"test"}"#;
    let [double] = &ask::<f64>("initialize", params)[..] else { panic!("one answer") };
    let [single] = &ask::<f32>("initialize", params)[..] else { panic!("one answer") };
    assert!(double.contains(r#""precision":"float64""#));
    assert!(single.contains(r#""precision":"float32""#));
    assert!(single.contains(r#""full_record":true"#));
}

#[test]
fn answers_are_exact_and_short() {
    let params = r#"{"x":[1,2],"w":[[0.5,-1]],"output_grad":[0.1]}"#;
    let right = r#"{"output":[-1.5],"grads":{"w":[[0.1,0.2]],"x":[0.05,-0.1]}}"#;
    assert_eq!(ask::<f64>("linear", params), [result(right)]);
    assert_eq!(ask::<f32>("linear", params), [result(right)]);
}

const MODEL: &str = r#""profile":"microgpt",
    "sizes":{"n_embd":1,"n_head":1,"n_layer":0,"block_size":2},
    "weights":{"wte":[[1],[2]],"wpe":[[0],[1]],"lm_head":[[1],[-1]]}"#;

#[test]
fn shapes_that_do_not_fit_are_refused_with_their_place() {
    let sizes = |change: &str| format!("{{{}}}", MODEL.replace("\"n_embd\":1", change));
    let cases = [
        ("forward", "3", "params must be an object"),
        ("forward", "{}", "params/weights is missing"),
        ("forward", &sizes(r#""n_embd":2"#), "params/weights/wte/0 must have 2 entries, not 1"),
        ("forward", &sizes(r#""n_embd":0"#), "params/sizes/n_embd must be above 0"),
        ("forward", &sizes(r#""n_embd":1e9"#), "params/sizes/n_embd must be a whole number"),
        ("forward", &sizes(r#""n_embd":100000000"#), "params/sizes make a model too large"),
        ("forward", &sizes(r#""n_embd":9007199254740993"#), "params/sizes/n_embd is too large"),
        ("forward", &format!("{{{MODEL}}}"), "params/tokens is missing"),
        ("forward", &format!(r#"{{{MODEL},"tokens":[1]}}"#), "params/tokens must have at least 2"),
        ("forward", &format!(r#"{{{MODEL},"tokens":[1,2]}}"#), "params/tokens/1 must be a token"),
        ("linear", r#"{"x":[1],"w":[[1],[1,2]]}"#, "params/w/1 must have 1 entries, not 2"),
        ("linear", r#"{"x":[],"w":[]}"#, "params/x must not be empty"),
        ("linear", r#"{"x":[1],"w":[[1]],"output_grad":[]}"#, "params/output_grad must have 1"),
        ("attention", r#"{"q":[1,2],"k":[[1,2]],"v":[[1,2]],"n_head":0}"#, "params/n_head must"),
        ("cross_entropy", r#"{"logits":[1],"target":1}"#, "params/target must be a logit's"),
        ("evaluate", r#"{"nodes":[]}"#, "params/nodes must not be empty"),
        ("evaluate", r#"{"nodes":[{"op":"exp","args":[0]}]}"#, "params/nodes/0/args/0 must be"),
        ("random", r#"{"seed":-1}"#, "params/seed must be a whole number"),
        ("random", r#"{"seed":1,"draws":[{"draw":"random","count":1000000000000}]}"#, "params/dr"),
        ("tokenize", r#"{"text":null}"#, "params/text must be a string"),
        (
            "tokenize",
            r#"{"text":"a","profile":"train4"}"#,
            "params/profile must be one of microgpt",
        ),
    ];
    for (method, params, problem) in cases {
        let line = format!(r#"{{"id":1,"method":"{method}","params":{params}}}"#);
        let line = line.replace('\n', "");
        let answers = answers::<f64>(line.as_bytes());
        let (code, message) = error_of(&answers[0]);
        assert_eq!(code, Some(&Json::Integer(-32602)), "{message}");
        assert!(message.starts_with(problem), "{message}, not {problem}");
    }
}

#[test]
fn numbers_beyond_single_precision_are_refused_there() {
    let params = r#"{"x":[1e300],"output_grad":[1]}"#;
    assert!(ask::<f64>("rmsnorm", params)[0].contains("result"));
    assert!(ask::<f32>("rmsnorm", params)[0].contains("params/x/0 must be a finite number"));
}

const PROGRAM: &str = r#"{"profile":"microgpt",
    "sizes":{"n_embd":8,"n_head":2,"n_layer":1,"block_size":8},
    "optimizer":{"learning_rate":0.01,"beta1":0.85,"beta2":0.99,"eps":1e-8,"num_steps":40},
    "seed":42,"init_std":0.08,"temperature":0.5,"num_samples":3,"text":"jay\nowl\nrook\nteal\n"}"#;

#[test]
fn the_whole_program_learns_in_both_precisions() {
    let loss = |message: &Json| {
        let loss = message.get("params").and_then(|step| step.get("loss"));
        loss.and_then(Json::as_f64).expect("a loss")
    };
    let line = format!(r#"{{"id":1,"method":"replicate","params":{PROGRAM}}}"#).replace('\n', "");
    let (double, single) = (answers::<f64>(line.as_bytes()), answers::<f32>(line.as_bytes()));
    assert_eq!((double.len(), single.len()), (41, 41));
    assert!(loss(&double[39]) < loss(&double[0]) - 0.3);
    for (double, single) in double[..40].iter().zip(&single) {
        assert!((loss(double) - loss(single)).abs() < 1e-4);
    }
    assert_eq!(double[40].to_string(), single[40].to_string());
}

#[test]
fn a_question_without_profile_or_activation_has_the_final_programs() {
    let tokens = |profile: &str| {
        let params = format!(r#"{{"text":"owl"{profile}}}"#);
        let answers = ask::<f64>("tokenize", &params);
        let answer = Json::parse(&answers[0]).expect("JSON");
        let tokens = answer.get("result").and_then(|result| result.get("tokens"));
        tokens.expect("tokens").to_string()
    };
    assert_eq!(tokens(""), "[[3,1,2,0,3]]");
    assert_eq!(tokens(r#","profile":"train5""#), "[[3,1,2,0,3]]");
    assert_eq!(tokens(r#","profile":"first-revision""#), "[[0,3,4,2,1]]");

    let output = |activation: &str| {
        let mlp = r#""x":[3],"fc1":[[1],[-1]],"fc2":[[1,1]],"output_grad":[1]"#;
        ask::<f64>("mlp", &format!("{{{mlp}{activation}}}")).remove(0)
    };
    assert_eq!(output(""), output(r#","activation":"relu""#));
    assert!(output(r#","activation":"squared_relu""#).contains(r#""output":[9.0]"#));
    assert!(output(r#","activation":"tanh""#).contains("params/activation must be one of relu, "));
}

#[test]
fn the_first_revision_learns_too() {
    let first = PROGRAM.replace("microgpt", "first-revision").replace('\n', "");
    let messages = ask::<f64>("replicate", &first);
    assert_eq!(messages.len(), 41);
    let result = messages.last().expect("a result");
    // Ten letters and two special tokens, 8 positions, and 12 times the square of 8.
    assert!(result.contains(r#""vocab_size":12,"num_params":928"#), "{result}");
}
