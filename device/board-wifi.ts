// Joining Wi-Fi, and finding the gateway's address: a script of its own, which `device bundle` puts
// in front of the bundle where it was given an SSID.
//
// The module cannot be trusted with either: on ESP32 it repairs two link losses in silence and
// turns the radio off after the third, its callback may never come, and a host name in `send`
// blocks, or is broadcast. So a board that is not joined asks again every half a minute, joins anew
// after a loss, and resolves the name once for each join. While `host` is empty, the loop asks for
// no beat.

const config = NEXTBEAT;
const wifi = require("Wifi");
const name = config.host;

function watch(): void {
  setTimeout(watch, 30000);
  if (!config.host)
    wifi.connect(config.ssid, { password: config.pass }, function (error) {
      if (!error)
        wifi.getHostByName(name, function (address) {
          config.host = address || "";
          config.wake("");
        });
    });
}

config.host = "";
wifi.on("disconnected", function () {
  config.host = "";
});
setTimeout(watch, 0);
