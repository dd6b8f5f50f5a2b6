"""The one door to sound: a request is decoded, inverted and finished."""
