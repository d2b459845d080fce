//! What goes wrong with characters.

use microgpt::tokenizer::{SpecialTokens, Tokenizer, documents_of};

fn characters_of(text: &str) -> String {
    Tokenizer::of(&documents_of(text), SpecialTokens::One).characters().iter().collect()
}

#[test]
fn lines_end_in_every_way() {
    assert_eq!(documents_of("wren\r\n\r\n owl \n\t\njay"), ["wren", "owl", "jay"]);
    assert!(documents_of("\n \r\n").is_empty());
}

#[test]
fn other_separators_do_not_end_a_line() {
    assert_eq!(documents_of("jay\u{2028}owl\nsea\u{c}kite"), ["jay\u{2028}owl", "sea\u{c}kite"]);
}

#[test]
fn white_space_is_what_python_strips() {
    assert_eq!(documents_of("\u{3000}jay\u{a0}\n\u{1c}owl\u{1f}\u{85}"), ["jay", "owl"]);
    // Neither is white space.
    assert_eq!(documents_of("\u{feff}jay\u{200b}"), ["\u{feff}jay\u{200b}"]);
}

#[test]
fn characters_are_code_points_in_their_order() {
    // In UTF-16 the owl would come before the tilde; the accent stands alone.
    assert_eq!(characters_of("🦉\u{ff5e}é\ne\u{301}z"), "ez\u{e9}\u{301}\u{ff5e}🦉");
}

#[test]
fn tokens_and_back() {
    let documents = documents_of("까치\n참새\n");
    let tokenizer = Tokenizer::of(&documents, SpecialTokens::One);
    assert_eq!((tokenizer.bos(), tokenizer.eos(), tokenizer.vocab_size()), (4, 4, 5));
    let tokens = tokenizer.encode(&documents[1]);
    assert_eq!(tokens, [4, 2, 1, 4]);
    assert_eq!(tokenizer.decode(&tokens[1..3]), "참새");
}

#[test]
fn two_special_tokens_come_first() {
    let documents = documents_of("owl\nwow\n");
    let tokenizer = Tokenizer::of(&documents, SpecialTokens::Two);
    assert_eq!((tokenizer.bos(), tokenizer.eos(), tokenizer.vocab_size()), (0, 1, 5));
    assert_eq!(tokenizer.encode(&documents[0]), [0, 3, 4, 2, 1]);
    assert_eq!(tokenizer.decode(&[3, 4, 0, 2]), "ow<BOS>l");
}
