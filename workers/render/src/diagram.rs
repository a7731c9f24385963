//! Draws Mermaid diagrams as SVG, without a browser.
//!
//! merman draws as Mermaid 12 does, and bounds the cost of a diagram. It runs and loads nothing; dates count from a
//! fixed day, so that the same source gives the same drawing.

use std::{panic, sync::LazyLock, time::Duration};

use merman::{
    Engine, MermaidConfig, OperationControl, RenderError, RenderOutput, RenderRequest, Renderer, SvgEnvironment,
    SvgRequest,
    runtime::RuntimePolicy,
    svg::{
        DeterministicTextMeasurer, MeasurementProfileId, RenderResourcePolicy, SvgPipeline, TextMeasurementPolicy,
        TextMeasurementProfile, TextMeasurementProfileIdentity, TextStyle,
    },
    time::CivilDate,
};
use serde_json::json;
use typst::utils::PicoStr;

use crate::fonts::{Fonts, Ruler, RulerFace, SANS};

/// The longest time for one diagram.
const DEADLINE: Duration = Duration::from_secs(5);
/// The longest source, in bytes.
const SOURCE: usize = 128 << 10;
/// What kerning may add to a label.
const KERNING: f64 = 1.02;

/// Draws a diagram as SVG.
///
/// # Errors
/// What is wrong with the source, for its writer.
pub fn mermaid(source: &str) -> Result<Vec<u8>, String> {
    if source.len() > SOURCE {
        return Err(format!("it has {} bytes, at most {SOURCE} are drawn", source.len()));
    }
    let request = SvgRequest {
        environment: SvgEnvironment::deterministic()
            .with_text_measurement_policy(measurement()?)
            .with_resource_policy(RenderResourcePolicy::interactive()),
        pipeline: Some(SvgPipeline::resvg_safe()),
        ..SvgRequest::default()
    };
    let renderer = Renderer::new().with_engine(engine()?);
    let control = OperationControl::new().with_deadline(DEADLINE);
    // The parsers are foreign and read untrusted input: catch their panics.
    let drawn =
        panic::catch_unwind(panic::AssertUnwindSafe(|| renderer.render(RenderRequest::svg(source, control, request))));
    match drawn {
        Ok(Ok(RenderOutput::Svg(Some(svg)))) => Ok(svg.into_parts().0.into_bytes()),
        Ok(Ok(_) | Err(RenderError::NoDiagram)) => Err("Mermaid knows no diagram that begins so".to_owned()),
        Ok(Err(error)) => Err(reason(&error.to_string())),
        Err(_) => Err("it can't be drawn".to_owned()),
    }
}

/// An error for its reader, who builds no diagrams into this program.
fn reason(error: &str) -> String {
    match error.contains("Cargo feature") {
        true => "diagrams of this kind are not drawn here".to_owned(),
        false => error.to_owned(),
    }
}

/// Labels are measured with the fonts that draw them, so that they fit their boxes.
fn measurement() -> Result<TextMeasurementPolicy, String> {
    let profile = MeasurementProfileId::new("ruche").map_err(|error| error.to_string())?;
    let identity = TextMeasurementProfileIdentity::new(profile, "1").map_err(|error| error.to_string())?;
    let measurer = DeterministicTextMeasurer::default().with_width_callback(width);
    Ok(TextMeasurementPolicy::uniform(TextMeasurementProfile::new(identity, measurer)))
}

/// In pixels, as the font's size.
fn width(text: &str, style: &TextStyle) -> f64 {
    static FONTS: LazyLock<Fonts> = LazyLock::new(Fonts::embedded);
    thread_local!(static RULER: Ruler<'static> = Ruler::new(&FONTS));
    let named = style.font_family.as_deref().unwrap_or_default();
    let family = named.split(',').find_map(|name| FONTS.family(name)).unwrap_or(SANS);
    let bold = style.font_weight.as_deref().is_some_and(is_bold);
    RULER.with(|ruler| ruler.width(RulerFace { family: PicoStr::intern(family), bold }, style.font_size, text))
        * KERNING
}

fn is_bold(weight: &str) -> bool {
    weight.starts_with("bold") || weight.parse().is_ok_and(|weight: u32| weight >= 600)
}

fn engine() -> Result<Engine, String> {
    let today = CivilDate::new(2000, 1, 1);
    let policy = RuntimePolicy::deterministic()
        .try_with_fixed_local_offset_minutes(0)
        .map_err(|error| error.to_string())?
        .with_fixed_today(today);
    let config = MermaidConfig::from_value(json!({ "theme": "neutral", "fontFamily": "Inter, sans-serif" }));
    Ok(Engine::new().with_runtime_policy(policy).with_site_config(config))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::images;

    #[test]
    fn the_common_diagrams_are_drawn() {
        for source in [
            "flowchart TD\n  A[Start] -->|yes| B{Choice}\n  B --> C((End))\n",
            "graph LR; a-->b;",
            "sequenceDiagram\n  Alice->>Bob: Hello\n  Bob-->>Alice: Hi\n",
            "classDiagram\n  Animal <|-- Duck\n  Animal : +int age\n",
            "stateDiagram-v2\n  [*] --> Still\n  Still --> [*]\n",
            "erDiagram\n  CUSTOMER ||--o{ ORDER : places\n",
            "gantt\n  title Plan\n  dateFormat YYYY-MM-DD\n  section A\n  Task :a1, 2026-01-01, 30d\n",
            "pie title Pets\n  \"Dogs\" : 386\n  \"Cats\" : 85\n",
            "mindmap\n  root((mindmap))\n    A\n    B\n",
            "timeline\n  title History\n  2002 : LinkedIn\n",
        ] {
            let svg = mermaid(source).unwrap_or_else(|error| panic!("{source}: {error}"));
            let picture = images::picture(svg).unwrap_or_else(|error| panic!("{source}: {error}"));
            assert!(picture.width > 10.0 && picture.notes.is_empty(), "{source}: {:?}", picture.notes);
        }
    }

    #[test]
    fn labels_are_as_wide_as_the_font_that_draws_them() {
        let svg =
            mermaid("classDiagram\n  class Animal{\n    +String WWWWWWWW\n    +isMammal()\n  }\n").expect("a drawing");
        let svg = String::from_utf8(svg).expect("UTF-8");
        // A label is cut at its box, in whose middle its text stands.
        let labels: Vec<(f64, &str)> = svg
            .split("<text x=\"")
            .skip(1)
            .filter_map(|text| {
                let (middle, rest) = text.split_once('"')?;
                let label = rest.split_once("</text>")?.0.rsplit_once('>')?.1;
                Some((middle.parse::<f64>().ok()? * 2.0, label))
            })
            .collect();
        assert_eq!(labels.len(), 3, "{labels:?}");
        for (box_width, label) in labels {
            let bold = (label == "Animal").then(|| "bold".to_owned());
            let style = TextStyle { font_weight: bold, font_family: Some(SANS.to_owned()), ..TextStyle::default() };
            assert!(box_width >= width(label, &style) / KERNING, "{label}: {box_width}");
        }
    }

    #[test]
    fn the_same_source_is_the_same_drawing() {
        let source = "gantt\n  section A\n  Task :a1, 20d\n";
        assert_eq!(mermaid(source), mermaid(source));
    }

    #[test]
    fn what_is_no_diagram_is_reported() {
        for source in ["", "hello", "flowchart TD\n  A[", "sequenceDiagram\n  ->>"] {
            let error = mermaid(source).expect_err(source);
            assert!(!error.is_empty());
        }
        assert!(mermaid(&"a".repeat(SOURCE + 1)).expect_err("too long").contains("at most"));
    }
}
