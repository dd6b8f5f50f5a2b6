from datasets.names.places import NamedNote, read_folder


def pitches(*stems: str) -> list[int | None]:
    named = read_folder(stems)
    return [named[stem].midi_pitch for stem in stems]


def test_what_is_the_same_in_every_name_is_no_note() -> None:
    assert pitches("B3_Organ_C4", "B3_Organ_D4") == [60, 62]
    assert pitches("Organ C4 B3", "Organ D4 B3") == [60, 62]
    assert pitches("A_Clarinet_C4", "A_Clarinet_D4") == [60, 62]
    assert pitches("E-Guitar_A2", "E-Guitar_E3") == [45, 52]
    assert pitches("Flute_A4_take1", "Flute_A4_take2") == [69, 69]


def test_of_several_notes_that_all_change_the_sound_decides() -> None:
    named = read_folder(["A4 to C5", "E4 to G4"])
    assert named["A4 to C5"] == NamedNote(
        72, {"the note at place 2 of 2": 72, "the note at place 1 of 2": 69}
    )
    assert read_folder(["C4 C4"])["C4 C4"] == NamedNote(60)


def test_a_number_beside_a_note_that_is_octaves_away_is_the_midi_number() -> None:
    named = read_folder(["EP_048_C2_v100", "EP_051_D#2_v100", "EP_060_C3_v100"])
    assert [note.midi_pitch for note in named.values()] == [48, 51, 60]
    assert named["EP_048_C2_v100"].read_as == "by their MIDI numbers, an octave above the notes beside these"
    assert pitches("EP_048_C3", "EP_051_D#3", "EP_060_C4") == [48, 51, 60]
    assert pitches("EP_024_C2", "EP_036_C3") == [36, 48], "two names prove nothing"
    assert pitches("EP_061_C3", "EP_065_E3", "EP_070_G3") == [48, 52, 55]


def test_guesses_are_left_to_the_sound() -> None:
    named = read_folder(["LAYER1_101", "LAYER1_36", "LAYER2_36"])
    assert named["LAYER1_101"] == NamedNote(None, {"MIDI numbers": 101})
    assert read_folder(["Do3"])["Do3"].readings == {"do re mi": 48, "do re mi, C3 being MIDI 60": 60}
    assert read_folder(["a_060_1", "b_060_1"])["a_060_1"] == NamedNote(), "the same number in all names"


def test_small_letters_in_german_may_count_octaves_from_the_one_lined() -> None:
    named = read_folder(["klarinette_cis1", "klarinette_h1"])
    assert named["klarinette_h1"].midi_pitch == 35
    assert named["klarinette_h1"].readings == {"German octaves, c1 being C4": 71, "notes": 35}
    assert not read_folder(["clarinet_c4", "clarinet_b4"])["clarinet_c4"].readings
    assert not read_folder(["Klarinette_Cis4", "Klarinette_H4"])["Klarinette_H4"].readings


def test_a_folder_in_german_says_so_where_it_matters() -> None:
    named = read_folder(["Klarinette_B4", "Klarinette_H4", "Klarinette_Cis4"])
    assert [named[stem].midi_pitch for stem in sorted(named)] == [70, 61, 71]
    assert named["Klarinette_B4"].read_as == "in German: H is B, B is B flat, As and Es are flats"
    assert not named["Klarinette_Cis4"].read_as
    assert pitches("Fluit_Bes4", "Fluit_B4", "Fluit_Es4") == [70, 71, 63]
    assert pitches("clarinet_B4", "clarinet_C4") == [71, 60]
