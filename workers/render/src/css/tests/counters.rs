use super::styled;

#[test]
fn headings_are_numbered() {
    let css = "body { counter-reset: h2 } h2 { counter-reset: h3 } \
               h2::before { counter-increment: h2; content: counter(h2, upper-roman) '. ' } \
               h3::before { counter-increment: h3; content: counter(h2) '.' counter(h3) ' ' }";
    let done = styled("<h1>t</h1><h2>a</h2><h3>b</h3><h3>c</h3><h2>d</h2><h3>e</h3>", css);
    assert_eq!(done.before("h2"), ["I. ", "II. "]);
    assert_eq!(done.before("h3"), ["1.1 ", "1.2 ", "2.1 "]);
    assert_eq!(done.warnings, Vec::<String>::new());
}

#[test]
fn nested_lists_join_their_numbers() {
    let css = "li::before { content: counters(list-item, '.') ' ' }";
    let done = styled("<ol start=3><li>a<ol><li>b<li value=7>c</ol><li>d</ol><ol><li>e</ol>", css);
    assert_eq!(done.before("li"), ["3 ", "3.1 ", "3.7 ", "4 ", "1 "]);
    let own = "ol { counter-reset: item } li { counter-increment: item } li::before { content: counters(item, '-', lower-alpha) }";
    let done = styled("<ol><li>a<ol><li>b<li>c</ol><li>d</ol>", own);
    assert_eq!(done.before("li"), ["a", "a-a", "a-b", "b"]);
}

#[test]
fn a_counter_is_known_where_it_was_made() {
    let css = "section { counter-reset: n 5 } p { counter-increment: n 2 } b { counter-set: n 40 } \
               p::before, b::before { content: counter(n) } .none { display: none }";
    let done = styled("<section><p>a<p class=none>x<p>b<b>c</b></section><section><p>d</section><p>e", css);
    assert_eq!(done.before("p"), ["7", "", "9", "7", "9"]);
    assert_eq!(done.before("b"), ["40"]);
    let done = styled("<i>a</i><i>b</i>", "i::before { content: counter(no) }");
    assert_eq!(done.before("i"), ["0", "0"]);
    let after = "p::after { counter-increment: n; content: counter(n) } b::before { content: counter(n) }";
    assert_eq!(
        styled("<body><div style='counter-reset: n'><p>a<b>b</b></p><p>c<b>d</b></p></div>", after).before("b"),
        ["0", "1"]
    );
}

#[test]
fn wrong_counters_are_told() {
    for (declaration, told) in [
        ("content: counter(page)", "pages are only counted in margin boxes of `@page`"),
        ("content: counters(a)", "`counters()` takes a counter, a separator and a style"),
        ("content: counter('a')", "`counter()` takes a counter and a style"),
        ("content: counter(a, hebrew)", "this counter style is not supported"),
        ("counter-reset: 5", "`counter-reset` takes none, or names"),
        ("counter-increment: a 1.5", "`counter-increment` takes none, or names"),
    ] {
        let done = styled("<p>a", &format!("p::before {{ content: 'x'; {declaration} }}"));
        assert!(done.warnings.iter().any(|warning| warning.contains(told)), "{declaration}: {:?}", done.warnings);
    }
}

#[test]
fn many_counters_and_deep_lists_are_bounded() {
    let names = (0..250).map(|n| format!("n{n}")).collect::<Vec<_>>().join(" ");
    let css =
        format!("li {{ counter-reset: {names} }} li::before {{ content: counters(list-item, '.') counters(n7, '.') }}");
    let done = styled(&"<ol><li>".repeat(2_000), &css);
    assert!(done.before("li").iter().all(|text| text.len() <= 2 * 32 * 2), "{:?}", done.before("li").last());
}
