"""Assessments: questionnaires, campaigns, answers and their review."""
