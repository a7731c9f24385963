//! Checks what is to follow a job, as far as that can be known before there is a result: at once, with the step's path.

use ruche_schemas::{
    Invalid, Kind,
    flow::{self, Next, Template},
};

use super::submit::check_size;
use crate::{app::parts::App, bots, http::error::ApiError};

impl App {
    /// Checks what follows a job, as far as that can be known before its result is.
    ///
    /// # Errors
    /// 400 that names the step.
    pub(crate) fn check_flow(&self, on_success: &[Next], on_failure: &[Next]) -> Result<(), ApiError> {
        flow::check(on_success, on_failure)?;
        self.check_steps(on_success, "on_success")?;
        self.check_steps(on_failure, "on_failure")
    }

    fn check_steps(&self, steps: &[Next], at: &str) -> Result<(), ApiError> {
        for (i, next) in steps.iter().enumerate() {
            match next {
                Next::One(template) => self.check_template(template, &format!("{at}[{i}]"))?,
                Next::Fan(fan) => {
                    for (j, template) in fan.all.iter().enumerate() {
                        self.check_template(template, &format!("{at}[{i}].all[{j}]"))?;
                    }
                    if let Some(join) = &fan.join {
                        self.check_template(join, &format!("{at}[{i}].join"))?;
                    }
                }
            }
        }
        Ok(())
    }

    /// Checks a job to be: that its kind is known, and its body where nothing fills it.
    ///
    /// # Errors
    /// 400 that names the field.
    pub(crate) fn check_template(&self, template: &Template, at: &str) -> Result<(), ApiError> {
        let Ok(descriptor) = self.descriptor(template.kind.as_str()) else {
            let kinds: Vec<&str> = self.kinds.keys().map(Kind::as_str).collect();
            let message =
                format!("there are no jobs of kind {:?}: there are {}", template.kind.as_str(), kinds.join(", "));
            return Err(ApiError::invalid(format!("{at}.kind"), message).code("unknown_kind"));
        };
        bots::refuse(&template.kind, &template.body, &format!("{at}.body"))?;
        if template.fill.is_empty() {
            let body = template.body.to_string();
            check_size(descriptor, body.len())?;
            descriptor.parse(&body).map_err(|invalid| within(invalid, &format!("{at}.body")))?;
        }
        self.check_steps(&template.on_success, &format!("{at}.on_success"))?;
        self.check_steps(&template.on_failure, &format!("{at}.on_failure"))
    }
}

/// The refusal of a body that is a part of something: its fields by their path from there.
pub(crate) fn within(invalid: Invalid, at: &str) -> ApiError {
    let param = match invalid.param.as_str() {
        "body" => at.to_owned(),
        field => format!("{at}.{field}"),
    };
    Invalid { param, ..invalid }.into()
}
