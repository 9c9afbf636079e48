"""What the menu on a phone's screen says, in every language that we speak."""

from __future__ import annotations

from typing import NamedTuple

from asterisk_hotdesk.phones.words import language_code


class MenuWords(NamedTuple):
    """What the menu on a phone's screen says; `{who}` is a name, `{time}` a time.

    `{code}` is what is dialled to choose another PIN, or to log out, and `{target}` is
    where calls go to.
    """

    nobody: str
    who_am_i: str
    ask_extension: str
    ask_pin: str
    logged_in: str
    logged_out: str
    do_not_disturb: str
    forwarded: str
    since: str
    bad_credentials: str
    locked_out: str
    pin_expired: str
    already_logged_in: str
    not_a_hot_desk: str
    no_location: str
    in_emergency: str
    begin_again: str
    unavailable: str
    logged_out_at: str
    log_out_by: str


MENU_WORDS = {
    "de": MenuWords(
        nobody="Niemand ist angemeldet",
        who_am_i="Wer bin ich?",
        ask_extension="Durchwahl",
        ask_pin="PIN",
        logged_in="Sie sind angemeldet als {who}",
        logged_out="{who} ist abgemeldet",
        do_not_disturb="Nicht stören ist eingeschaltet",
        forwarded="Anrufe gehen an {target}",
        since="Seit {time}",
        bad_credentials="Durchwahl oder PIN ist falsch",
        locked_out="Zu viele falsche PINs. Bitte später noch einmal.",
        pin_expired="Ihre PIN ist zu alt. Wählen Sie {code} für eine neue.",
        already_logged_in="{who} ist an einem anderen Platz angemeldet",
        not_a_hot_desk="Dieses Telefon ist kein Hot Desk",
        no_location="Für dieses Telefon ist kein Standort hinterlegt",
        in_emergency="Hier läuft ein Notruf. Bitte danach noch einmal.",
        begin_again="Bitte beginnen Sie noch einmal",
        unavailable="Das geht gerade nicht. Bitte später noch einmal.",
        logged_out_at="Sie werden um {time} abgemeldet",
        log_out_by="Sofort abmelden: {code}",
    ),
    "en": MenuWords(
        nobody="Nobody is logged in",
        who_am_i="Who am I?",
        ask_extension="Extension",
        ask_pin="PIN",
        logged_in="You are logged in as {who}",
        logged_out="{who} is logged out",
        do_not_disturb="Do not disturb is on",
        forwarded="Calls are forwarded to {target}",
        since="Since {time}",
        bad_credentials="The extension or the PIN is wrong",
        locked_out="Too many wrong PINs. Please try again later.",
        pin_expired="Your PIN is too old. Dial {code} to choose another.",
        already_logged_in="{who} is logged in at another desk",
        not_a_hot_desk="This phone is not a hot desk",
        no_location="Nobody has said where this phone is",
        in_emergency="An emergency call is on. Please try again after it.",
        begin_again="Please begin again",
        unavailable="Not available now. Please try again later.",
        logged_out_at="You will be logged out at {time}",
        log_out_by="Log out now: {code}",
    ),
    "es": MenuWords(
        nobody="Nadie ha iniciado sesión",
        who_am_i="¿Quién soy?",
        ask_extension="Extensión",
        ask_pin="PIN",
        logged_in="Sesión iniciada como {who}",
        logged_out="Sesión de {who} cerrada",
        do_not_disturb="No molestar está activado",
        forwarded="Las llamadas se desvían a {target}",
        since="Desde {time}",
        bad_credentials="La extensión o el PIN no es correcto",
        locked_out="Demasiados PIN incorrectos. Inténtelo más tarde.",
        pin_expired="Su PIN ha caducado. Marque {code} para elegir otro.",
        already_logged_in="{who} tiene una sesión en otro puesto",
        not_a_hot_desk="Este teléfono no es un hot desk",
        no_location="Este teléfono no tiene ubicación",
        in_emergency="Llamada de emergencia en curso. Inténtelo después.",
        begin_again="Empiece de nuevo, por favor",
        unavailable="No disponible ahora. Inténtelo más tarde.",
        logged_out_at="Su sesión se cerrará a las {time}",
        log_out_by="Cerrarla ahora: {code}",
    ),
    "fr": MenuWords(
        nobody="Personne n'est connecté",
        who_am_i="Qui suis-je ?",
        ask_extension="Numéro de poste",
        ask_pin="Code PIN",
        logged_in="Vous êtes connecté : {who}",
        logged_out="{who} est déconnecté",
        do_not_disturb="Ne pas déranger est activé",
        forwarded="Les appels sont renvoyés vers {target}",
        since="Depuis {time}",
        bad_credentials="Le numéro de poste ou le code PIN est faux",
        locked_out="Trop de codes PIN faux. Réessayez plus tard.",
        pin_expired="Votre code PIN a expiré. Composez {code} pour en changer.",
        already_logged_in="{who} est connecté à un autre bureau",
        not_a_hot_desk="Ce téléphone n'est pas un hot desk",
        no_location="Aucun lieu n'est indiqué pour ce téléphone",
        in_emergency="Appel d'urgence en cours. Réessayez ensuite.",
        begin_again="Veuillez recommencer",
        unavailable="Indisponible pour le moment. Réessayez plus tard.",
        logged_out_at="Vous serez déconnecté à {time}",
        log_out_by="Se déconnecter maintenant : {code}",
    ),
    "it": MenuWords(
        nobody="Nessuno ha effettuato l'accesso",
        who_am_i="Chi sono?",
        ask_extension="Interno",
        ask_pin="PIN",
        logged_in="Accesso effettuato come {who}",
        logged_out="{who} è uscito",
        do_not_disturb="Non disturbare è attivo",
        forwarded="Le chiamate sono deviate a {target}",
        since="Dal {time}",
        bad_credentials="L'interno o il PIN è errato",
        locked_out="Troppi PIN errati. Riprovare più tardi.",
        pin_expired="Il PIN è scaduto. Comporre {code} per sceglierne un altro.",
        already_logged_in="{who} è connesso a un'altra postazione",
        not_a_hot_desk="Questo telefono non è un hot desk",
        no_location="Questo telefono non ha una posizione",
        in_emergency="Chiamata d'emergenza in corso. Riprovare dopo.",
        begin_again="Ricominciare, per favore",
        unavailable="Non disponibile ora. Riprovare più tardi.",
        logged_out_at="L'accesso terminerà alle {time}",
        log_out_by="Uscire subito: {code}",
    ),
    "nl": MenuWords(
        nobody="Niemand is aangemeld",
        who_am_i="Wie ben ik?",
        ask_extension="Toestelnummer",
        ask_pin="Pincode",
        logged_in="U bent aangemeld als {who}",
        logged_out="{who} is afgemeld",
        do_not_disturb="Niet storen staat aan",
        forwarded="Oproepen worden doorgeschakeld naar {target}",
        since="Sinds {time}",
        bad_credentials="Het toestelnummer of de pincode is onjuist",
        locked_out="Te veel onjuiste pincodes. Probeer het later opnieuw.",
        pin_expired="Uw pincode is verlopen. Kies {code} voor een nieuwe.",
        already_logged_in="{who} is aangemeld op een andere plek",
        not_a_hot_desk="Dit toestel is geen hot desk",
        no_location="Van dit toestel is geen locatie bekend",
        in_emergency="Er loopt een noodoproep. Probeer het daarna opnieuw.",
        begin_again="Begin opnieuw, alstublieft",
        unavailable="Nu niet beschikbaar. Probeer het later opnieuw.",
        logged_out_at="U wordt om {time} afgemeld",
        log_out_by="Nu afmelden: {code}",
    ),
}
"""By language code."""


def menu_words_of(language: str) -> MenuWords:
    """Return the menu's words in *language*, else the English ones."""
    return MENU_WORDS.get(language_code(language), MENU_WORDS["en"])
