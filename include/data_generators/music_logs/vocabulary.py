"""The words that invented artists, songs and listeners are made of, with blanks between. Data only."""

# One line a genre: words of its titles and names. No word stands in two genres, so that topics can be told apart.
GENRES = (
    "engine highway diesel rust garage gasoline dust railroad thunder throttle gravel chrome ignition outlaw",
    "moonlight velvet champagne candle perfume silhouette serenade midnight satin whisper parlour saxophone café chandelier",
    "neon pixel laser circuit android signal voltage hologram satellite binary strobe arcade modem glitch",
    "meadow willow harvest river orchard sparrow cedar lantern barley valley fiddle brook hearth clover",
    "abyss raven obsidian crypt sorrow iron wolf ashes throne serpent oblivion gallows dagger omen",
    "beach mango carnival fiesta coral samba hammock papaya conga lagoon maracas piñata sunburn coconut",
    "asphalt hustle cipher subway stereo graffiti boulevard sneakers rooftop payphone cassette turntable corner freestyle",
    "nebula drift glacier silence orbit horizon tide cathedral aurora prism echo vapour stillness zenith",
)
SHARED_WORDS = "love night heart home time dream song dance rain fire light world girl boy"
TITLE_PATTERNS = (
    "{0}",
    "The {0}",
    "{0} and {1}",
    "{0} of the {1}",
    "In the {0}",
    "My {0} {1}",
    "Don't Take My {0}",
    "{0} for You",
    "When the {0} Is Gone",
    "All the {0}",
)
ARTIST_PATTERNS = (
    "{name} and the {0} {1}",
    "The {0} {1}",
    "{0} {1}",
    "{name} {0}",
    "{0} / {1}",
    'The "{0}" Society',
    "DJ {0} {1}",
)
# Names of many scripts: whoever reads the logs must bear with all of them.
ARTIST_NAMES = "Zoë Søren Łucja Žofia Éloïse Nguyễn Iñaki Jürgen Ağca Ótta Миша Γιώργος 美咲 준호 عمر Ione Quill Tamsin Bram Odalys"
GUEST_WORDS = ("夜行列車", "Полночь", "Ναυάγιο", "Straße", "naïve", "♥")

FIRST_NAMES = {
    "F": "Ada Beatriz Chloé Dagny Elif Farah Greta Hanna Ines Jelena Keiko Leila Maud Nadia Olga Priya Rosa Siân Tove Uma",
    "M": "Arne Bogdan Carlos Dmitri Emeka Felix Göran Hugo Imran Jonas Kofi Luca Mateo Nils Omar Pavel Rafael Sven Tariq Viktor",
}
LAST_NAMES = (
    "Abara Bergström Castellano Dvořák Eriksen Fontaine Gündoğan Haverkamp Ibarra Jankowski Kowalczyk Lindqvist Moreau Nakamura "
    "O'Malley Papadakis Quintero Rossi Sørensen Thorne Ueda Vasquez Wójcik Xanthos Yilmaz Zhang"
)
LOCATIONS = (
    "Ashgrove, CA",
    "Brindle Falls, OR",
    "Cañon Vista, NM",
    "Dunmore-Leith, NY-NJ",
    "Eastwick, MA",
    "Fallow Creek, TX",
    "Granite Bay, WA",
    "Harrow, IL",
    "Isleton-Marsh, FL",
    "Juniper Flats, AZ",
)
USER_AGENTS = (
    '"Mozilla/5.0 (Windows NT 6.1; WOW64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0 Safari/537.36"',
    '"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14) AppleWebKit/605.1 (KHTML, like Gecko) Version/12.0 Safari/605.1"',
    '"Mozilla/5.0 (iPhone; CPU iPhone OS 12_1 like Mac OS X) AppleWebKit/605.1 (KHTML, like Gecko) Mobile/15E148"',
    "Mozilla/5.0 (X11; Linux x86_64; rv:63.0) Gecko/20100101 Firefox/63.0",
    "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
)
