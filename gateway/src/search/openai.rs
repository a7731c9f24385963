//! OpenAI's embeddings request and answer.

use ruche_schemas::{
    Base64, Invalid,
    kinds::embed::{Purpose, check_text, from_bytes},
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::json_type::type_name;
use crate::http::{
    error::ApiError,
    json::{object, parse_value},
    limits,
    openai::{OneOrMany, unsupported},
};

/// Texts to embed, in OpenAI's form. `user` is accepted without effect; other fields are ignored.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct EmbeddingRequest {
    /// The embedding model, by its name or an alias. Default: the workers' first one.
    pub model: Option<String>,
    /// A text, or 1 to 2,048 of them, each at most 128 KiB and no longer than the model can read. Arrays of token ids
    /// are refused.
    #[schema(value_type = OneOrMany, required = true)]
    #[serde(default)]
    input: Value,
    /// How vectors are written: `float` (the default), numbers; `base64`, little-endian floats of 4 bytes.
    #[serde(default)]
    pub encoding_format: Option<EncodingFormat>,
    /// How many numbers each vector is truncated to, at most the model's. Only for models that were trained for it.
    /// Default: the model's own number.
    #[schema(minimum = 1, maximum = 16_384)]
    pub dimensions: Option<u32>,
    /// Whether the texts are queries or passages. Some models need a different prefix for each. Default: neither, without
    /// a prefix. An extension, also accepted as `input_type`.
    #[serde(alias = "input_type")]
    pub purpose: Option<EmbeddingPurpose>,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Input {
    /// In order; never empty.
    pub texts: Vec<String>,
    /// Whether it was one string, and no list.
    pub single: bool,
}

impl Input {
    #[must_use]
    pub fn name(&self, number: usize) -> String {
        if self.single { "input".to_owned() } else { format!("input[{number}]") }
    }
}

/// How vectors are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EncodingFormat {
    /// Numbers.
    Float,
    /// Little-endian floats of 4 bytes, in base64.
    Base64,
}

/// The purpose of the vectors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EmbeddingPurpose {
    /// To search with. Also `search_query`.
    #[serde(alias = "search_query")]
    Query,
    /// To be found. Also `document` and `search_document`.
    #[serde(alias = "document", alias = "search_document")]
    Passage,
}

impl From<EmbeddingPurpose> for Purpose {
    fn from(purpose: EmbeddingPurpose) -> Self {
        match purpose {
            EmbeddingPurpose::Query => Self::Query,
            EmbeddingPurpose::Passage => Self::Passage,
        }
    }
}

impl EmbeddingRequest {
    /// # Errors
    /// 400 that names the field, and what is allowed.
    pub fn parse(json: &str) -> Result<(Self, Input), ApiError> {
        let mut body = object(json)?;
        body.as_object_mut().map(|fields| fields.remove("user"));
        let mut request: Self = parse_value(&body)?;
        let input = texts(request.input.take())?;
        Ok((request, input))
    }
}

fn texts(input: Value) -> Result<Input, ApiError> {
    let (values, single) = match input {
        Value::Null => return Err(Invalid::new("input", "is missing: send a text, or a list of texts").into()),
        Value::Array(values) => (values, false),
        value => (vec![value], true),
    };
    let (count, most) = (values.len(), limits::EMBED_TEXTS);
    if count == 0 {
        let message = format!("is an empty list: send a text, or a list of 1 to {most} texts");
        return Err(Invalid::new("input", message).into());
    }
    if count > most {
        let message = format!("has {count} texts: at most {most} are allowed; send several requests");
        return Err(Invalid::new("input", message).into());
    }
    if !single && (values.iter().all(Value::is_number) || values.iter().all(Value::is_array)) {
        let message = "token ids are not read here, since they are another model's: send a text, or a list of texts. \
                       LangChain sends texts with OpenAIEmbeddings(check_embedding_ctx_length=False)";
        return Err(unsupported("input", message.to_owned()));
    }
    let mut input = Input { texts: Vec::with_capacity(count), single };
    for (number, value) in values.into_iter().enumerate() {
        let text = match value {
            Value::String(text) => text,
            other => {
                let what = type_name(&other);
                let message = match single {
                    true => format!("is {what}: send a text, or a list of texts"),
                    false => format!("item {} of the list is {what}: all must be texts", number + 1),
                };
                return Err(Invalid::new(input.name(number), message).into());
            }
        };
        check_text(&text).map_err(|message| Invalid::new(input.name(number), message))?;
        input.texts.push(text);
    }
    Ok(input)
}

/// The vectors of a request's texts, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmbeddingList {
    /// `list`.
    pub object: &'static str,
    /// One for each text.
    pub data: Vec<Embedding>,
    /// The model that embedded.
    pub model: String,
    /// Token counts.
    pub usage: EmbeddingUsage,
}

/// A text's vector, of length 1.
#[derive(Debug, Serialize, ToSchema)]
pub struct Embedding {
    /// `embedding`.
    pub object: &'static str,
    /// The position of its text in `input`, from 0.
    pub index: usize,
    /// The vector.
    pub embedding: Vector,
}

/// A vector, in the requested `encoding_format`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum Vector {
    /// Numbers.
    Float(Vec<f32>),
    /// Little-endian floats of 4 bytes, in base64.
    #[schema(value_type = String)]
    Base64(Base64),
}

/// Tokens read.
#[derive(Debug, Serialize, ToSchema)]
pub struct EmbeddingUsage {
    /// Tokens of the texts, with the model's special tokens.
    pub prompt_tokens: u64,
    /// The same.
    pub total_tokens: u64,
}

impl EmbeddingList {
    #[must_use]
    pub fn new(model: String, vectors: Vec<Base64>, prompt_tokens: u64, format: EncodingFormat) -> Self {
        let embedding = |vector: Base64| match format {
            EncodingFormat::Float => Vector::Float(from_bytes(&vector)),
            EncodingFormat::Base64 => Vector::Base64(vector),
        };
        let of = |(index, vector)| Embedding { object: "embedding", index, embedding: embedding(vector) };
        Self {
            object: "list",
            data: vectors.into_iter().enumerate().map(of).collect(),
            model,
            usage: EmbeddingUsage { prompt_tokens, total_tokens: prompt_tokens },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::ignored;

    fn refused(json: &str) -> (String, String) {
        let error = EmbeddingRequest::parse(json).expect_err(json).to_json();
        let text = |name: &str| error["error"][name].as_str().unwrap_or("").to_owned();
        (text("param"), text("code"))
    }

    #[test]
    fn what_openai_clients_send_is_accepted() {
        let json = r#"{"model":"m","input":["a","b"],"encoding_format":"base64","dimensions":null,"user":"u"}"#;
        let (request, input) = EmbeddingRequest::parse(json).expect("accepted");
        assert_eq!(input, Input { texts: vec!["a".to_owned(), "b".to_owned()], single: false });
        assert_eq!(request.encoding_format, Some(EncodingFormat::Base64));
        let (one, input) =
            EmbeddingRequest::parse(r#"{"input":"a","input_type":"search_document"}"#).expect("accepted");
        assert_eq!((input.single, one.purpose), (true, Some(EmbeddingPurpose::Passage)));
    }

    #[test]
    fn unknown_fields_are_ignored_and_noted() {
        let json = r#"{"input":"a","colour":"red","user":"u"}"#;
        let (read, found) = ignored::collect_now(|| EmbeddingRequest::parse(json));
        assert_eq!((read.expect("accepted").1.texts, found), (vec!["a".to_owned()], vec!["colour".to_owned()]));
    }

    #[test]
    fn an_item_that_is_no_text_is_told_by_its_place_and_is_no_token_id() {
        for (json, told) in [
            (r#"{"input":["a",5]}"#, "input[1]: item 2 of the list is a number: all must be texts"),
            (r#"{"input":[[5],"a"]}"#, "input[0]: item 1 of the list is a list: all must be texts"),
            (r#"{"input":["a",{}]}"#, "input[1]: item 2 of the list is an object: all must be texts"),
            (r#"{"input":7}"#, "input: is a number: send a text, or a list of texts"),
            (r#"{"input":[]}"#, "input: is an empty list: send a text, or a list of 1 to 2048 texts"),
            (r#"{}"#, "input: is missing: send a text, or a list of texts"),
        ] {
            let error = EmbeddingRequest::parse(json).expect_err(json).to_json();
            assert_eq!(error["error"]["message"], told, "{json}");
        }
    }

    #[test]
    fn a_wrong_field_is_named() {
        let many = format!(r#"{{"input":[{}"x"]}}"#, r#""x","#.repeat(2048));
        for (json, param, code) in [
            ("{}", "input", "invalid_request"),
            (r#"{"input":[]}"#, "input", "invalid_request"),
            (&many, "input", "invalid_request"),
            (r#"{"input":""}"#, "input", "invalid_request"),
            (r#"{"input":["a"," \n"]}"#, "input[1]", "invalid_request"),
            (r#"{"input":[1,2]}"#, "input", "unsupported_parameter"),
            (r#"{"input":[[1,2]]}"#, "input", "unsupported_parameter"),
            (r#"{"input":7}"#, "input", "invalid_request"),
            (r#"{"input":["a",null]}"#, "input[1]", "invalid_request"),
            (r#"{"input":["a",5]}"#, "input[1]", "invalid_request"),
            (r#"{"input":[5,"a"]}"#, "input[0]", "invalid_request"),
            (r#"{"input":["a",[5]]}"#, "input[1]", "invalid_request"),
            (r#"{"input":{"text":"a"}}"#, "input", "invalid_request"),
            (r#"{"input":"a","encoding_format":"int8"}"#, "encoding_format", "invalid_request"),
            (r#"{"input":"a","dimensions":-1}"#, "dimensions", "invalid_request"),
            (r#"{"input":"a","purpose":"fun"}"#, "purpose", "invalid_request"),
            (r#"{"input":"a","purpose":"query","input_type":"query"}"#, "purpose", "invalid_request"),
            ("[]", "body", "invalid_json"),
            ("{", "body", "invalid_json"),
        ] {
            assert_eq!(refused(json), (param.to_owned(), code.to_owned()), "{}", &json[..json.len().min(80)]);
        }
    }
}
