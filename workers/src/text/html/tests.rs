use super::extract;

fn markdown(html: &str) -> String {
    extract(html).expect("a page").markdown.trim().to_owned()
}

#[test]
fn what_a_page_says_is_markdown() {
    let page = "<!DOCTYPE html><title> About\nbees </title><body><nav>Menu</nav><main><h1>Bees</h1>\
        <p>They <b>fly</b>,\n and <a href='/x'>work</a>.<br>Also &lt;here&gt;.<script>alert(1)</script></p>\
        <ul><li>Wax<li>Honey<ol><li>dark</li><li>light</li></ol></li></ul>\
        <blockquote><p>Buzz.</p></blockquote><pre><code>let x = 1;\n  y\n</code></pre>\
        <table><caption>Counts</caption><tr><th>Hive<th>Bees</tr><tr><td>A|1<td><p>20</p></td></tr></table>\
        <style>p{}</style><p hidden>No.</p><p># not a heading</p></main><footer>Imprint</footer>";
    let found = extract(page).expect("a page");
    assert_eq!(found.title.as_deref(), Some("About bees"));
    let expected = "# Bees\n\nThey fly, and work.\nAlso <here>.\n\n- Wax\n\n- Honey\n\n  1. dark\n\n  2. light\n\n\
        > Buzz.\n\n```\nlet x = 1;\n  y\n```\n\nCounts\n\n| Hive | Bees |\n| --- | --- |\n| A\\|1 | 20 |\n\n\\# not a heading";
    assert_eq!(found.markdown.trim(), expected);
}

#[test]
fn a_page_without_a_main_part_is_read_whole() {
    assert_eq!(markdown("<div>One</div><div>Two <span>three</span></div>"), "One\n\nTwo three");
    assert_eq!(markdown("just text"), "just text");
    assert_eq!(markdown("<article>A</article><article>B</article>"), "A\n\nB");
    assert_eq!(markdown("<script>x</script>"), "");
}

#[test]
fn a_page_that_is_nested_without_end_is_refused() {
    for tag in ["<div>", "<table><tr><td>"] {
        let found = extract(&tag.repeat(200_000));
        assert!(found.is_err_and(|message| message.contains("nested more than 3000 levels deep")), "{tag}");
    }
}

#[test]
fn a_page_with_many_elements_side_by_side_is_read() {
    let flat = "<div><b>x</b></div><p>y<br><li>z".repeat(4_000);
    assert!(extract(&flat).is_ok_and(|found| found.markdown.contains('z')));
}

#[test]
fn readings_of_ruby_stand_after_the_words() {
    for (html, expected) in [
        (
            "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rp>(</rp><rt>じ</rt><rp>)</rp></ruby>を書く",
            "漢字(かんじ)を書く",
        ),
        ("<p>the <ruby>base<rt>reading</ruby> and", "the base(reading) and"),
        ("<p><ruby>図<rb>書<rt>と<rt>しょ<rtc>library</rtc></ruby>館", "図書(としょlibrary)館"),
        ("<p><ruby>x<rt></rt></ruby> y", "x y"),
        (
            "<table><tr><th>a<th>b<tr><td><ruby>漢<rt>かん</ruby><td>2</table>",
            "| a | b |\n| --- | --- |\n| 漢(かん) | 2 |",
        ),
        ("<p>a<rt>b</rt>c", "abc"),
    ] {
        assert_eq!(markdown(html), expected, "{html}");
    }
}

#[test]
fn no_depth_and_no_brokenness_stops_it() {
    let deep = format!("{}deep{}", "<div><ul><li>".repeat(900), "</li>".repeat(7));
    let found = markdown(&deep);
    assert!(found.ends_with("deep") && found.len() < 100, "{}", found.len());
    for broken in ["<", "</p", "<table><p>x<td>y", "<li>x</ol></blockquote>y", "<pre>x", "<h1>a<h2>b", "<tr><td>z"] {
        markdown(broken);
    }
    let many = markdown(&"<ul><li>x".repeat(1_000));
    assert!(many.len() < 1_000 * 40, "{}", many.len());
}

#[test]
fn the_menus_around_the_handed_page_are_left_out() {
    let page = include_str!("../../../tests/workers/cases/boiler_divs.html");
    let text = "Residents park free of charge from 19:00 to 8:00 with the blue badge.";
    assert_eq!(markdown(page), format!("# Parking rules\n\n{text}"));
}

#[test]
fn words_of_neighbours_are_never_joined() {
    for (html, expected) in [
        ("<p><a href=1>Menu</a><a href=2>residents</a><a href=3>2026</a>", "Menu residents 2026"),
        ("<p><span>Menu</span><span>Residents</span><b>Business</b>", "Menu Residents Business"),
        ("<p><label>Name</label><label>Age</label><x-tag>New</x-tag><x-tag>old</x-tag>", "Name Age New old"),
        (
            "<p>H<sub>2</sub>O, e<b>mph</b>asis, foo<wbr>bar, co&shy;operate, <code><b>my</b><i>Name</i></code>",
            "H2O, emphasis, foobar, cooperate, myName",
        ),
        ("<p>One<p>Two<div>Three</div>four<section>five</section>", "One\n\nTwo\n\nThree\n\nfour\n\nfive"),
        ("<p><a href=1><div>A</div><div>B</div></a><span style='display: block'>C</span>d", "A\n\nB\n\nC\n\nd"),
        ("<dl><dt>Wax<dd>is made<dt>Honey<dd>is kept</dl>", "Wax\n\nis made\n\nHoney\n\nis kept"),
        ("<pre><div>a = 1</div><div>b = 2</div></pre>", "```\na = 1\nb = 2\n```"),
    ] {
        assert_eq!(markdown(html), expected, "{html}");
    }
}

#[test]
fn what_surrounds_a_text_is_left_out() {
    let sentence = "The bees of the east meadow are counted again on every Friday of the year. ";
    let links = |count: usize| (0..count).map(|n| format!("<li><a href='{n}'>Item {n}</a></li>")).collect::<String>();
    let text = format!("<h1>Bees</h1><p>{sentence}</p><p>{sentence}</p>");
    let menu = format!("<ul>{}</ul>", links(6));
    for page in [
        format!("<header>Logo</header>{menu}<main>{text}</main><footer>Imprint</footer>"),
        format!("<div role=navigation>{menu}</div><div role=main>{text}</div><div role=contentinfo>Imprint</div>"),
        format!("<nav>{menu}</nav><article>{text}<aside>Read more</aside></article><aside>{menu}</aside>"),
        format!("<header>Logo<nav>{menu}</nav></header><div>{text}</div><footer>Imprint</footer>"),
        format!("<table><tr><td>{menu}</td><td>{text}</td></tr></table>"),
        format!("<div class=site-sidebar>News</div><div>{text}</div><div id=siteFooter>Imprint</div>"),
        format!(
            "<div><div>{menu}</div><div>{text}<div class='share buttons'>Share</div></div></div><p><a href=1>Legal</a> | <a href=2>Contact</a></p>"
        ),
        format!(
            "<div class=cookie-banner>We use cookies. <button>Accept all</button></div>{text}<form>Your e-mail</form>"
        ),
        format!(
            "<style>.closed{{display:none}}</style><div class=closed>Hidden</div>{text}<p style='display: none'>Hidden</p><p aria-hidden=true>x</p>"
        ),
    ] {
        let found = markdown(&page);
        assert_eq!(found, format!("# Bees\n\n{0}\n\n{0}", sentence.trim()), "{page}");
    }
}

#[test]
fn what_belongs_to_a_text_is_kept() {
    let sentence = "The bees of the east meadow are counted again on every Friday of the year.";
    for (part, words) in [
        ("<aside class='admonition warning'>Wear a veil.</aside>", "Wear a veil."),
        (
            "<p>See also:</p><ul><li><a href=1>Hives</a><li><a href=2>Wax</a><li><a href=3>Honey</a><li><a href=4>Veils</a><li><a href=5>Smoke</a></ul>",
            "- Smoke",
        ),
        ("<header><h2>Of wood</h2></header>", "Of wood"),
        ("<h3><button>When do they swarm?</button></h3>", "When do they swarm?"),
        ("<h2>Wax <a href='#wax'>¶</a></h2><p>x", "Wax"),
        ("<details><summary>More</summary>Folded.</details>", "Folded."),
        ("<div class=menu>Soup of the day with bread, then roast with dumplings</div>", "Soup of the day"),
        ("<style>.tab{display:none}.tab.on{display:block}</style><div class=tab>Second tab</div>", "Second tab"),
        ("<blockquote>Buzz.<footer>A bee</footer></blockquote>", "A bee"),
        ("<p hidden=until-found>Found.</p>", "Found."),
    ] {
        let found = markdown(&format!("<main><h1>Bees</h1><p>{sentence}</p>{part}</main>"));
        assert!(found.contains(words) && !found.contains('¶'), "{part}: {found}");
    }
    let wizard = format!("<form><h1>Bees</h1><p>{sentence}</p></form>");
    assert!(markdown(&wizard).contains(sentence));
}

#[test]
fn never_everything_is_left_out() {
    let links = (0..40).map(|n| format!("<li><a href='{n}'>Chapter {n}</a></li>")).collect::<String>();
    assert!(markdown(&format!("<h1>Contents</h1><ul>{links}</ul>")).contains("- Chapter 39"));
    assert_eq!(markdown("<nav>Menu</nav>"), "Menu");
    assert_eq!(markdown("<div class=footer>All there is</div>"), "All there is");
    assert_eq!(markdown("<main></main><p>Written by a program.</p>"), "Written by a program.");
    let around = "The text is here, and not in the part that says so. ".repeat(20);
    assert!(markdown(&format!("<main>Loading</main><div>{around}</div>")).contains("The text is here"));
    assert!(markdown(&format!("<article>Teaser</article><div>{around}</div>")).contains("The text is here"));
}

#[test]
fn a_formula_is_one_line_and_read_once() {
    let math = "<math alttext='E=mc^2'><mi>E</mi><mo>=</mo><mi>m</mi><msup><mi>c</mi><mn>2</mn></msup></math>";
    let katex =
        format!("<span class=katex><span class=katex-mathml>{math}</span><span aria-hidden=true>E=mc2</span></span>");
    let wiki = format!("<span><span style='display: none;'>{math}</span><img aria-hidden=true alt='E=mc^2'></span>");
    for shown in [math.to_owned(), katex, wiki, "<script type='math/tex'>E=mc^2</script>".to_owned()] {
        assert_eq!(markdown(&format!("<p>We know that {shown} holds.</p>")), "We know that E=mc^2 holds.");
    }
}

#[test]
fn tables_of_values_are_rows_and_tables_of_blocks_are_blocks() {
    let rows = "<table><thead><tr><th rowspan=2>Hive<th colspan=2>Bees</tr><tr><th>May<th>June</tr></thead>\
        <tr><td>A<br>1<td><ul><li>10<li>11</ul><td>20</tr><tr><td colspan=3>All</tr></table>";
    assert_eq!(
        markdown(rows),
        "| Hive | Bees |  |\n| --- | --- | --- |\n| Hive | May | June |\n| A 1 | 10 11 | 20 |\n| All |"
    );
    let blocks = "<table><tr><td>Left</td><td><h2>Right</h2><table><tr><td>a<td>b</tr><tr><td>1<td>2</tr></table>end</td></tr></table>";
    assert_eq!(markdown(blocks), "Left\n\n## Right\n\n| a | b |\n| --- | --- |\n| 1 | 2 |\n\nend");
    let deep = "<table><tr><td>x".repeat(700);
    assert!(markdown(&deep).ends_with('x'));
}

#[test]
fn headings_and_lines_are_the_words_of_the_page() {
    assert_eq!(markdown("<h2>List&lt;Integer&gt; and __init__</h2>"), "## List\\<Integer\\> and \\_\\_init\\_\\_");
    assert_eq!(
        markdown("<p>Press &lt;Enter&gt;.<p>&lt;script&gt; is a tag."),
        "Press <Enter>.\n\n\\<script> is a tag."
    );
}
