"""The data keys of an emergency, where those of the installation are away with the database."""

from gateway.bootstrap import open_site
from gateway.bootstrap.emergency_site import own_keys, own_keys_file
from gateway.settings import Settings
from gateway.store.keyring import Keyring


async def test_an_emergency_has_data_keys_of_its_own_until_they_are_handed_over(sqlite_settings: Settings) -> None:
    Keyring.create(sqlite_settings.path("keys")).close()
    path = sqlite_settings.path("em_1.db")
    async with open_site(sqlite_settings) as site:
        first = own_keys(site, path)
        made, plain = first.new(None)
        keyring = site.keyring.beside(first)
        keyring.persist([made])
        assert keyring.data_key(made.id) == plain
        assert site.keyring.data_key(made.id) is None
        assert own_keys_file(path).stat().st_mode & 0o777 == 0o600
        again = own_keys(site, path)  # as a start after a kill has it
        assert again.get(made.id) == plain
        again.close()
        taken: list[str] = []
        first.hand_over(lambda keys, gone: taken.extend(key.id for key in keys))
        first.close()
        assert taken == [made.id]
        site.keyring.persist([made])
        assert site.keyring.data_key(made.id) == plain  # wrapped as all others are
        new = own_keys(site, path)
        assert new.get(made.id) is None
        new.close()
