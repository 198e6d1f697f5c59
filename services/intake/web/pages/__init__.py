"""The pages that applicants and the public see."""
