use typst::foundations::Content;
use typst::layout::Abs;
use typst::text::{TextElem, TextSize};

use super::*;
use crate::testing::{Stage, look, text};

/// Common LaTeX of KaTeX's and pandoc's users, each with a text that must come out.
const EVERYDAY: &[(&str, &str)] = &[
    ("a^2 + b^2 = c^2", "𝑎2+𝑏2=𝑐2"),
    (r"x = \frac{-b \pm \sqrt{b^2 - 4ac}}{2a}", "±"),
    (r"\sum_{i=1}^{n} i = \frac{n(n+1)}{2}", "∑"),
    (r"\int_0^\infty e^{-x^2}\,dx = \frac{\sqrt{\pi}}{2}", "∫"),
    (r"\lim_{x \to 0} \frac{\sin x}{x} = 1", "lim"),
    (r"\prod_{k=1}^{n} \left(1 + \frac{1}{k}\right)", "∏"),
    (r"e^{i\pi} + 1 = 0", "𝜋"),
    (r"\alpha, \beta, \gamma, \Gamma, \Delta, \Omega", "𝛼,𝛽,𝛾,Γ,Δ,Ω"),
    (r"\varepsilon \vartheta \varphi \varrho", "𝜀𝜗𝜑𝜚"),
    (r"\mathbb{R}^n \to \mathbb{C}", "ℝ"),
    (r"\mathcal{L}(\theta) \mathfrak{g} \mathscr{F}", "𝔤"),
    (r"\mathbf{v} \cdot \mathrm{d}x \mathsf{T} \mathtt{x}", "𝐯⋅d𝑥"),
    (r"\boldsymbol{\mu} \bm{x}", "𝝁𝒙"),
    (r"\begin{pmatrix} a & b \\ c & d \end{pmatrix}", "𝑎"),
    (r"\begin{bmatrix} 1 & 0 \\ 0 & 1 \end{bmatrix}", "1"),
    (r"\begin{vmatrix} a & b \\ c & d \end{vmatrix} = ad - bc", "𝑎𝑑−𝑏𝑐"),
    (r"\left(\begin{array}{cc|c} 1 & 2 & 3 \\ \hline 4 & 5 & 6 \end{array}\right)", "6"),
    (r"f(x) = \begin{cases} x & \text{if } x > 0 \\ 0 & \text{otherwise} \end{cases}", "otherwise"),
    (r"\begin{aligned} a &= b + c \\ &= d \end{aligned}", "𝑎=𝑏+𝑐"),
    (r"\begin{align} x &= 1 \\ y &= 2 \end{align}", "𝑥=1"),
    (r"\begin{align*} a &= b & c &= d \\ e &= f & g &= h \end{align*}", "ℎ"),
    (r"\begin{gather} a = b \\ c = d \end{gather}", "𝑐=𝑑"),
    (r"\begin{equation} E = mc^2 \end{equation}", "𝐸=𝑚𝑐2"),
    (r"\begin{split} a &= b \\ &= c \end{split}", "𝑎=𝑏"),
    (r"\binom{n}{k} = \frac{n!}{k!(n-k)!}", "!"),
    (r"\sqrt[3]{x} + \sqrt{2}", "3"),
    (r"\hat{x} \bar{y} \vec{v} \dot{a} \ddot{b} \tilde{n}", "𝑥"),
    (r"\overline{AB} \underline{CD} \widehat{ABC} \overrightarrow{AB}", "𝐴𝐵"),
    (r"\underbrace{a + b}_{\text{sum}} \overbrace{c}^{n}", "sum"),
    (r"\boxed{E = mc^2}", "𝐸=𝑚𝑐2"),
    (r"\cancel{x} \bcancel{y} \xcancel{z}", "𝑥"),
    (r"\color{red} x + \textcolor{#00ff00}{y}", "𝑥+𝑦"),
    (r"\text{where $x$ is \textbf{bold} and é}", "where"),
    (r"\operatorname{argmax}_x f(x) \operatorname*{argmin}_\theta L", "argmax"),
    (r"a \equiv b \pmod{n}, a \bmod b", "mod"),
    (r"A \subseteq B \cup C \cap D \setminus E", "⊆"),
    (r"x \in A, y \notin B, \forall \varepsilon > 0, \exists \delta", "∉"),
    (r"\neg p \land q \lor r \implies s \iff t", "⟹"),
    (r"a \ne b, a \neq b, a \not= b, a \not\in B", "≠"),
    (r"a \le b \leq c \ge d \geq e \ll f \gg g", "≤"),
    (r"\approx \sim \simeq \cong \propto", "≈"),
    (r"\nabla \times \mathbf{E} = -\frac{\partial \mathbf{B}}{\partial t}", "∇×𝐄"),
    (r"\oint_C \mathbf{F} \cdot d\mathbf{r} \iint_S \iiint_V", "∮"),
    (r"f'(x) = f''(x), y'^2", "′"),
    (r"1, 2, \dots, n; a + \cdots + b; \vdots \ddots \ldots", "⋯"),
    (r"\left\{ x \mid x > 0 \right\} \left\langle u, v \right\rangle", "⟨"),
    (r"\left. \frac{df}{dx} \right|_{x=0}", "𝑥=0"),
    (r"\left( a \middle| b \right)", "𝑎"),
    (r"\big( \Big[ \bigg\{ \Bigg| x", "𝑥"),
    (r"\lfloor x \rfloor \lceil y \rceil \|v\| |w|", "⌊"),
    (r"\overset{!}{=} \underset{x}{\min} \stackrel{def}{=}", "min"),
    (r"A \xrightarrow{f} B \xleftarrow[below]{above} C", "𝑓"),
    (r"\sum_{\substack{i < n \\ j < m}} a_{ij}", "∑"),
    (r"\dfrac{a}{b} \tfrac{c}{d} \cfrac{1}{1 + \cfrac{1}{x}}", "𝑎"),
    (r"\displaystyle \sum_{i} \textstyle \sum_{j}", "∑"),
    (r"a\,b\;c\quad d\qquad e\!f \hspace{1em} g", "𝑎"),
    (r"\phantom{x} y \vphantom{\frac{a}{b}} \hphantom{z}", "𝑦"),
    (r"x \mapsto y \hookrightarrow z \Rightarrow \Leftrightarrow \uparrow \longrightarrow", "↦"),
    (r"\ell \hbar \Re \Im \aleph \emptyset \infty \partial", "ℓ"),
    (r"P(A \mid B) = \frac{P(B \mid A)P(A)}{P(B)}", "∣"),
    (r"\sigma(z)_i = \frac{e^{z_i}}{\sum_{j=1}^K e^{z_j}}", "𝜎"),
    (r"\Pr[X \geq a] \le \frac{\mathbb{E}[X]}{a}", "Pr"),
    (r"\log_2 n, \ln x, \exp(x), \det A, \dim V, \gcd(a,b), \sup, \inf, \limsup_{n}", "log"),
    (r"\newcommand{\Reals}{\mathbb{R}} x \in \Reals", "ℝ"),
    (r"\ce{H2O + CO2 -> H2CO3}", "H"),
    (r"x^{y^{z}}_{a_{b}} {}^{14}_{6}\mathrm{C}", "14"),
    (r"90^\circ \degree \$ \% \& \# \_", "$"),
    (r"{a \over b} {n \choose k} a \atop b", "𝑎"),
    (r"E = mc^2 \tag{1.2}", "(1.2)"),
    (r"\verb|x_y| \texttt{code} \mathit{diff} \emph{x}", "𝚌𝚘𝚍𝚎"),
    (r"\tiny a \large b \Huge c", "𝑎"),
    (r"\colorbox{yellow}{x} \fcolorbox{red}{white}{y}", "x"),
];

fn typeset(latex: &str) -> Result<String, String> {
    let body = equation(latex, true).map_err(|error| error.to_string())?;
    let (document, warnings) = Stage::plain(body).map_err(|errors| errors.join("; "))?;
    if warnings.is_empty() { Ok(text(&document)) } else { Err(warnings.join("; ")) }
}

#[test]
fn everyday_formulas_are_typeset_with_their_signs() {
    let mut wrong = Vec::new();
    for (latex, expected) in EVERYDAY {
        match typeset(latex) {
            Ok(text) if text.contains(expected) => {}
            other => wrong.push(format!("{latex}: {expected:?} is not in {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn everyday_formulas_are_typeset_inline_too() {
    let mut all = Vec::new();
    for (latex, _) in EVERYDAY {
        all.push(TextElem::packed(*latex).set(TextElem::size, TextSize(Abs::pt(6.0).into())));
        all.push(equation(latex, true).unwrap_or_else(|error| panic!("{latex}: {error}")));
        all.push(equation(latex, false).unwrap());
        all.push(typst::model::ParbreakElem::shared().clone());
    }
    let (document, warnings) = Stage::plain(Content::sequence(all)).unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    look(&document, "math");
}

#[test]
fn tags_of_one_sign_are_shown_in_each_environment() {
    for environment in ["align", "align*", "aligned", "gather", "gathered", "alignedat}{1"] {
        let end = environment.split('}').next().unwrap();
        for tag in ["3", "12"] {
            let latex = format!(r"\begin{{{environment}}} a &= b \tag{{{tag}}} \\ c &= d \end{{{end}}}")
                .replace("&=", if environment.starts_with("gather") { "=" } else { "&=" });
            let text = typeset(&latex).unwrap();
            assert!(text.contains(&format!("({tag})")), "{latex}: {text}");
        }
    }
    assert!(!typeset(r"\begin{align} a &= b \\ c &= d \end{align}").unwrap().contains('('));
}

#[test]
fn the_source_is_the_alternative_text() {
    let content = equation(r"\frac12", false).unwrap();
    let element = content.to_packed::<EquationElem>().unwrap();
    assert_eq!(element.alt.as_option().clone().flatten().as_deref(), Some(r"\frac12"));
}

#[test]
fn an_unknown_command_is_named() {
    let error = equation(r"a + \frobnicate{x}", false).unwrap_err().to_string();
    assert!(error.contains(r"\frobnicate"), "{error}");
    let error = equation(r"\includegraphics{x.png}", false).unwrap_err().to_string();
    assert!(error.contains("includegraphics"), "{error}");
    let error = equation(r"\begin{CD} A @>a>> B \end{CD}", true).unwrap_err().to_string();
    assert!(error.contains("CD"), "{error}");
}

#[test]
fn broken_formulas_are_errors() {
    for latex in ["", "  ", r"\frac{1", "x^", "a^b^c", r"\begin{pmatrix} a", r"\left( x", "}", r"\end{x}", "&", r"\\ &"]
    {
        assert!(equation(latex, true).is_err(), "{latex}");
    }
}

#[test]
fn deep_and_long_formulas_are_refused_without_a_large_stack() {
    let run = || {
        let deep = format!("{}x{}", "{".repeat(5_000), "}".repeat(5_000));
        assert!(equation(&deep, true).is_err());
        let roots = format!("{}x{}", r"\sqrt{".repeat(2_000), "}".repeat(2_000));
        assert!(equation(&roots, true).is_err());
        let scripts = format!("{}x{}", "x^{".repeat(3_000), "}".repeat(3_000));
        assert!(equation(&scripts, true).is_err());
        let fences = format!("{}x{}", r"\left(".repeat(1_000), r"\right)".repeat(1_000));
        assert!(equation(&fences, true).is_err());
        assert_eq!(equation(&"x".repeat(MAX_BYTES + 1), true), Err(MathError::TooLong(MAX_BYTES + 1)));
        // The grammar's greatest depth.
        let level = |n: usize| format!("{}x{}", r"\frac{1}{\left(".repeat(n), r"\right)}".repeat(n));
        for n in [5, 10, 15] {
            if let Ok(body) = equation(&level(n), true) {
                Stage::plain(body).unwrap();
            }
        }
    };
    std::thread::Builder::new().stack_size(2 << 20).spawn(run).unwrap().join().unwrap();
}

#[test]
fn macros_that_multiply_are_stopped() {
    let bomb = r"\def\a{xxxxxxxxxx}\def\b{\a\a\a\a\a\a\a\a\a\a}\def\c{\b\b\b\b\b\b\b\b\b\b}\def\d{\c\c\c\c\c\c\c\c\c\c}\def\e{\d\d\d\d\d\d\d\d\d\d}\def\f{\e\e\e\e\e\e\e\e\e\e}\f";
    assert!(equation(bomb, true).is_err());
    assert!(equation(r"\def\x{\x\x}\x", true).is_err());
}

#[test]
fn typst_markup_in_a_formula_stays_text() {
    let text = typeset(r#"\text{#import "/etc/passwd" *bold* $x$}"#.replace('#', r"\#").as_str()).unwrap();
    assert!(text.contains("#import"), "{text}");
}

proptest::proptest! {
    #[test]
    fn no_formula_panics_or_fails_to_be_typeset(parts in proptest::collection::vec(0..PARTS.len(), 1..12)) {
        let latex: String = parts.iter().map(|part| PARTS[*part]).collect();
        if let Ok(body) = equation(&latex, true) {
            let typeset = Stage::plain(body);
            proptest::prop_assert!(typeset.is_ok(), "{}: {:?}", latex, typeset.err());
        }
    }
}

/// Fragments for random formulas.
const PARTS: &[&str] = &[
    "x",
    "1",
    "^",
    "_",
    "{",
    "}",
    "{a}",
    "'",
    "&",
    r"\\",
    " ",
    r"\frac",
    r"\sqrt",
    "[3]",
    r"\left(",
    r"\right)",
    r"\left.",
    r"\right|",
    r"\begin{matrix}",
    r"\end{matrix}",
    r"\begin{cases}",
    r"\end{cases}",
    r"\begin{array}{l|r}",
    r"\end{array}",
    r"\hline",
    r"\sum",
    r"\lim",
    r"\limits",
    r"\text{a b}",
    r"\hat",
    r"\underbrace",
    r"\mathbb",
    r"\not",
    "=",
    r"\color{red}",
    r"\boxed{",
    r"\overset",
    r"\xrightarrow",
    r"\middle|",
    r"\big",
    "(",
    r"\tag{1}",
    r"\kern",
    "1em",
    r"\begin{align}",
    r"\end{align}",
    r"\mathop{x}",
    r"\operatorname{f}",
    r"\phantom",
    r"\binom",
    r"\atop",
    "é",
    "→",
    "😀",
];
