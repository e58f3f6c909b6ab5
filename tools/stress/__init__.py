"""Long checks of reliability and security; see README.md."""
