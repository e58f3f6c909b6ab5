"""Long checks of reliability and security; README.md says what each is for."""
