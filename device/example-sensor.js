// A greenhouse as an application of nextbeat: it tells temperature and battery with each beat,
// raises the alert on frost, switches a pump when it is told to, and sends the soil's moisture.
//
//   nextbeat flash greenhouse --port /dev/ttyUSB0 --gateway 192.168.1.5 --interval 5m \
//     --interval-min 30s --wifi MyNetwork --wifi-pass-file pass.txt --app device/example-sensor.js
//
// Wiring, of an ESP32: a 10 k NTC thermistor (B 3950) from D34 to ground and 10 k from D34 to
// 3.3 V; a lithium cell behind two equal resistors at D35; a moisture probe at D32; a pump's
// relay at D26. `analogRead` gives the share of 3.3 V, 0 to 1.

function celsius() {
  var share = analogRead(D34);
  return 1 / (1 / 298.15 + Math.log(share / (1 - share)) / 3950) - 273.15;
}

// Asked before each beat. Below 0 would mean external power, so an empty cell is 0.
NEXTBEAT.temperature = celsius;
NEXTBEAT.battery = () => Math.max(0, ((analogRead(D35) * 6.6 - 3.4) / 0.7) * 100);

// An alert beats at once, and then every --interval-min until it is over.
function watchFrost() {
  setTimeout(watchFrost, 10000);
  NEXTBEAT.alert(celsius() < 2);
}
setTimeout(watchFrost, 0);

// Each command is acted on at most once; what is returned goes back to whoever sent it.
NEXTBEAT.onCommand = (payload) => {
  if (payload === "pump on" || payload === "pump off") {
    digitalWrite(D26, payload === "pump on");
    return payload;
  }
  if (payload === "soil") {
    NEXTBEAT.send(`soil ${Math.round(analogRead(D32) * 100)}`);
    return;
  }
  return 3;
};
