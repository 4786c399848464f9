// Joining Wi-Fi on ESP32 and ESP8266, and finding the gateway's address: a script of its own, which
// `device bundle` puts in front of the bundle where it was given an SSID.
//
// The module cannot be trusted with either: on ESP32 it repairs two link losses in silence, its
// status saying "connected" all the while, and turns the radio off after the third; its callback
// may never come; and a host name in `send` blocks, or is broadcast. So a board that is not joined
// asks again every half a minute, and looks at the status then; it joins anew after a loss, and
// resolves the name once for each join. What the status hides the ladder finds: it calls `rejoin`.
// That disconnects first, since on ESP8266 `connect` to the same network only calls back. While
// `host` is empty, the loop asks for no beat; `hold` says how long nothing is to be joined.
//
// **Light sleep** (reach class 1) is power save: the radio sleeps between beacons, the socket stays
// open, and what the gateway sends waits at the access point for at most some 300 ms. What lost:
// `ESP32.lightSleep(ms)`, which stops the interpreter and the radio for its whole time, without
// telling the access point: the link is lost, so the board would hear nothing and have to join
// again, as from deep sleep, at twenty times its current. And a chip that slept by itself between
// beacons would need firmware built with CONFIG_PM_ENABLE; none is. "ps-poll" is what both chips
// take; firmware on IDF4 throws at it, and takes "min".
//
// A fixed address saves DHCP's second or so on ESP8266. On ESP32 `setIP` has no effect on a station
// (2v29 stops the DHCP server there instead of the client); DHCP then goes on as usual.

const config = NEXTBEAT;

function start(wifi: EspruinoWifi): void {
  function join() {
    if (config.ip)
      wifi.setIP({ ip: config.ip, gw: config.gw!, netmask: config.mask! }, function () {});
    wifi.connect(config.ssid, { password: config.pass }, function (error) {
      if (!error) {
        if (config.reach === 1) {
          try {
            wifi.setConfig({ powersave: "ps-poll" });
          } catch {
            wifi.setConfig({ powersave: "min" });
          }
        }
        wifi.getHostByName(config.name!, function (address) {
          config.host = address || "";
          if (config.wake) config.wake("");
        });
      }
    });
  }

  function watch(): void {
    const wait = config.hold;
    config.hold = 0;
    setTimeout(watch, wait || 30000);
    if (config.host && wifi.getDetails().status !== "connected") config.host = "";
    if (!config.host && !wait) join();
  }

  config.rejoin = function () {
    config.host = "";
    wifi.disconnect(join);
  };
  config.signal = function () {
    return wifi.getDetails().rssi;
  };
  wifi.on("disconnected", function () {
    config.host = "";
  });
  setTimeout(watch, 0);
}

config.name = config.host;
config.host = "";
let wifi: EspruinoWifi | undefined;
try {
  wifi = require("Wifi");
} catch {
  print("nextbeat: this board has no Wi-Fi");
}
if (wifi) start(wifi);
