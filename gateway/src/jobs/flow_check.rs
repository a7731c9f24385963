//! Checks the steps that follow a job, as far as possible without its result.

use ruche_schemas::flow::{self, Next, Template};

use super::kinds::{Kinds, check_size};
use crate::http::error::ApiError;

impl Kinds {
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

    /// Checks a step: its kind is known, and its body is valid unless it is filled later.
    ///
    /// # Errors
    /// 400 that names the field.
    pub(crate) fn check_template(&self, template: &Template, at: &str) -> Result<(), ApiError> {
        let Ok(descriptor) = self.descriptor(template.kind.as_str()) else {
            let message = self.no_kind(template.kind.as_str());
            return Err(ApiError::invalid(format!("{at}.kind"), message).code("unknown_kind"));
        };
        self.check_deferred(&template.kind, &template.body, &format!("{at}.body"))?;
        if template.fill.is_empty() {
            let body = template.body.to_string();
            check_size(descriptor, body.len())?;
            self.read(descriptor, &body, &format!("{at}.body"))?;
        }
        self.check_steps(&template.on_success, &format!("{at}.on_success"))?;
        self.check_steps(&template.on_failure, &format!("{at}.on_failure"))
    }
}
