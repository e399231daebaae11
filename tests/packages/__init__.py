"""The auditor on published code: packages in a scratch environment, and implementations kept outside the repository."""
