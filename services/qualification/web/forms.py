"""What people type on the pages."""

from pydantic import BaseModel, ConfigDict


class PageForm(BaseModel):
    """Base of the forms: a form may hold fields of another button, which are left alone."""

    model_config = ConfigDict(extra="ignore")


class EmptyForm(PageForm):
    """A button."""
