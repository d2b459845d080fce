//! JSON there and back, and what is not JSON.

use microgpt::json::Json;

fn round_trip(text: &str) -> String {
    Json::parse(text).expect(text).to_string()
}

#[test]
fn what_is_written_plainly_stays() {
    for text in [
        "null",
        "[]",
        "{}",
        r#"{"a":[1,-2,true,false,null,"b"],"c":{"d":0.1}}"#,
        "-0.0",
        "9223372036854775807",
        "5e-324",
        "1.7976931348623157e308",
        r#""\"\\\n\r\t\u0000\u001f é 🦉""#,
    ] {
        assert_eq!(round_trip(text), text);
    }
}

#[test]
fn other_spellings_mean_the_same() {
    assert_eq!(round_trip(" [ 1 , 2.50 , 1E2 , -0 ]\r\n"), "[1,2.5,100.0,-0.0]");
    assert_eq!(round_trip(r#""\u00e9\/\b\f\ud83e\udd89""#), "\"é/\\u0008\\u000c🦉\"");
    assert_eq!(round_trip("9223372036854775808"), "9.223372036854776e18");
}

#[test]
fn numbers_have_the_digits_of_their_precision() {
    assert_eq!(Json::from(0.1_f32).to_string(), "0.1");
    assert_eq!(Json::from(f64::from(0.1_f32)).to_string(), "0.10000000149011612");
    assert_eq!(Json::from(1e-8_f32).to_string(), "1e-8");
    assert_eq!(Json::from(1e21_f64).to_string(), "1e21");
}

#[test]
fn what_is_not_finite_is_a_string() {
    let numbers = vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY];
    assert_eq!(Json::from(numbers).to_string(), r#"["NaN","Infinity","-Infinity"]"#);
    assert_eq!(Json::from(f32::NEG_INFINITY).to_string(), r#""-Infinity""#);
}

#[test]
fn fields_are_found_by_name() {
    let object = Json::parse(r#"{"a":1,"b":2,"a":3}"#).expect("an object");
    assert_eq!(object.get("a"), Some(&Json::Integer(3)));
    assert_eq!(object.get("c"), None);
    assert_eq!(Json::Null.get("a"), None);
}

#[test]
fn all_else_is_refused() {
    for text in [
        "",
        " ",
        "[",
        "[1",
        "[1,",
        "[1,]",
        "[,1]",
        "[1 2]",
        "]",
        "{",
        "{1:2}",
        r#"{"a"}"#,
        r#"{"a":}"#,
        r#"{"a":1,}"#,
        r#"{"a" 1}"#,
        "nul",
        "nulL",
        "truefalse",
        "NaN",
        "Infinity",
        "01",
        "-01",
        "-",
        "+1",
        ".5",
        "1.",
        "1.e5",
        "1e",
        "1e+",
        "0x10",
        "1e999",
        "--1",
        "\"",
        "\"\\\"",
        "\"\\x\"",
        "\"\\u12\"",
        "\"\\u12g4\"",
        "\"\\u+123\"",
        "\"\\u\u{e9}12\"",
        "\"\\ud800\"",
        "\"\\udc00\"",
        "\"\\ud800\\u0041\"",
        "\"\\ud800\\n\"",
        "\"a\nb\"",
        "1 1",
        "é",
        "'a'",
    ] {
        assert!(Json::parse(text).is_err(), "{text} was taken");
    }
}

#[test]
fn errors_tell_the_place() {
    let error = Json::parse("[1, x]").expect_err("no JSON");
    assert_eq!(error.to_string(), "a value was expected at byte 4");
}

#[test]
fn nesting_ends_before_the_stack_does() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Json::parse(&nested(100)).is_ok());
    for text in [nested(1_000_000), "[".repeat(1_000_000), r#"{"a":"#.repeat(1_000_000)] {
        let error = Json::parse(&text).expect_err("too deep");
        assert_eq!(error.problem, "the value nests too deeply");
    }
}
